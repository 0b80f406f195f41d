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
        let found = try await converted(found, request)
        var body = body
        var metadata = body["metadata"] ?? [:]
        metadata["resourceVersion"] = found["metadata"]?["resourceVersion"]
        body["metadata"] = metadata
        request.body = body
        let reply = try await client.send(request, confirm: confirm)
        return Written(object: reply.object, warnings: reply.warnings)
    }

    /// Deletes an object that was read, unless it was changed or made anew since. One that is gone already is as well.
    func delete(_ found: JSONValue, _ kind: ClusterResource, _ namespace: String, _ name: String) async throws {
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
    /// our own next apply would be in conflict with it.
    private func converted(_ object: JSONValue, _ request: ClusterRequest) async throws -> JSONValue {
        let entries = object["metadata"]?["managedFields"]?.array ?? []
        guard entries.contains(where: Self.isCreation), let version = object["metadata"]?["resourceVersion"] else {
            return object
        }
        let hasApplied = entries.contains {
            $0["manager"]?.string == ClusterRequest.fieldManager && $0["operation"]?.string == "Apply"
        }
        let kept = entries.compactMap { entry -> JSONValue? in
            guard Self.isCreation(entry) else { return entry }
            var renamed = entry
            renamed["operation"] = "Apply"
            return hasApplied ? nil : renamed
        }
        var amendment = request
        amendment.verb = .amend
        amendment.body = ["metadata": ["resourceVersion": version, "managedFields": .array(kept)]]
        return try await client.send(amendment, confirm: confirm).object
    }

    private static func isCreation(_ entry: JSONValue) -> Bool {
        entry["manager"]?.string == ClusterRequest.fieldManager && entry["operation"]?.string == "Update"
            && entry["subresource"] == nil
    }
}
