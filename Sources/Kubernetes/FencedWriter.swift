internal import BuildModel

/// Writes objects so that an older build, or an attempt that was taken over, never overwrites a newer one.
///
/// What is there is read and its stamp compared first; the apply then names the version that was read, and the server refuses it when
/// anybody has written in between. An object that is not there is made by `POST`, of which only one can win.
struct FencedWriter: Sendable {
    let client: ClusterClient
    let stamp: BuildStamp
    let confirm: @Sendable () async throws -> Void

    /// What was written, with the cluster's warnings.
    struct Written {
        var object: JSONValue
        var warnings: [String]
    }

    /// Controllers write status all the time, each time with a new version.
    private static let rounds = 50

    /// The object as it is, if it is there and may be written over.
    ///
    /// - Throws: `BuildFailure` with code `deployment_conflict`, `stale_epoch` or `superseded` if it may not.
    func check(_ kind: ClusterResource, _ namespace: String, _ name: String) async throws -> JSONValue? {
        let request = ClusterRequest(.get, kind, namespace: namespace, name: name)
        let found: JSONValue
        do {
            found = try await client.send(request).object
        } catch let failure as BuildFailure where failure.code == .notFound {
            return nil
        }
        try Ownership(of: found).check(stamp, request)
        return found
    }

    /// Makes the object what `manifest` says.
    ///
    /// - Parameter manifest: made of the object that is there, if any.
    func write(
        _ kind: ClusterResource,
        _ namespace: String,
        _ name: String,
        manifest: (JSONValue?) throws -> JSONValue
    ) async throws -> Written {
        var backoff = Backoff(base: .milliseconds(2))
        for round in 1... {
            let found = try await check(kind, namespace, name)
            do {
                let body = try manifest(found)
                if let found { return try await apply(body, over: found, kind, namespace, name) }
                let request = ClusterRequest(.create, kind, namespace: namespace, name: name, body: body)
                _ = try await client.send(request, confirm: confirm)
                // Now it is there, it is applied like any other: that gives up the defaults that the creation made ours.
            } catch let failure as BuildFailure where failure.code == .objectChanged && round < Self.rounds {
                try await client.pause(
                    for: backoff.next(retryAfter: nil),
                    in: ClusterRequest(.apply, kind, namespace: namespace, name: name)
                )
            }
        }
        throw BuildFailure.cancelled(operation: "kubernetes.apply")
    }

    private func apply(
        _ body: JSONValue,
        over found: JSONValue,
        _ kind: ClusterResource,
        _ namespace: String,
        _ name: String
    ) async throws -> Written {
        var request = ClusterRequest(.apply, kind, namespace: namespace, name: name)
        // Whoever created it may have been stopped right after.
        let cleared = try await clearingStrategy(for: body, over: found, request)
        let adopted = try await converted(cleared, request)
        let (settled, found) = try await leavingReplicas(body, over: adopted, request)
        var body = settled
        var metadata = body["metadata"] ?? [:]
        metadata["resourceVersion"] = found["metadata"]?["resourceVersion"]
        body["metadata"] = metadata
        request.body = body
        if client.settings.takesFields { request.query.append(("force", "true")) }
        let reply = try await client.send(request, confirm: confirm)
        return Written(object: reply.object, warnings: reply.warnings)
    }

    /// Deletes an object if it is there and may be written over.
    ///
    /// - Returns: whether it was there.
    func remove(_ kind: ClusterResource, _ namespace: String, _ name: String) async throws -> Bool {
        var backoff = Backoff(base: .milliseconds(2))
        for round in 1... {
            guard let found = try await check(kind, namespace, name) else { return false }
            do {
                try await delete(found, kind, namespace, name)
                return true
            } catch let failure as BuildFailure where failure.code == .objectChanged && round < Self.rounds {
                let request = ClusterRequest(.delete, kind, namespace: namespace, name: name)
                try await client.pause(for: backoff.next(retryAfter: nil), in: request)
            }
        }
        return false
    }

    /// Deletes an object that was read, unless it was changed or made anew since. One that is gone already is as well.
    private func delete(_ found: JSONValue, _ kind: ClusterResource, _ namespace: String, _ name: String) async throws {
        var precondition: JSONValue = [:]
        for key in ["uid", "resourceVersion"] { precondition[key] = found["metadata"]?[key] }
        let options: JSONValue = [
            "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
            "preconditions": precondition,
        ]
        let request = ClusterRequest(.delete, kind, namespace: namespace, name: name, body: options)
        do {
            _ = try await client.send(request, confirm: confirm)
        } catch let failure as BuildFailure where failure.code == .notFound {
            return
        }
    }

    /// Turns what the creation made ours into what an apply would have: else a field would outlive its removal from the manifest, and
    /// our own next apply would be in conflict with it. Where fields are taken from others, so is what `kubectl apply` has set: it
    /// would stay for ever otherwise.
    private func converted(_ object: JSONValue, _ request: ClusterRequest) async throws -> JSONValue {
        let fields = ManagedFields(of: object)
        guard let kept = fields.adopted(takesFromKubectl: client.settings.takesFields),
            let version = object["metadata"]?["resourceVersion"]
        else { return object }
        var amendment = request
        amendment.verb = .amend
        amendment.body = ["metadata": ["resourceVersion": version, "managedFields": .array(kept)]]
        return try await client.send(amendment, confirm: confirm).object
    }
}
