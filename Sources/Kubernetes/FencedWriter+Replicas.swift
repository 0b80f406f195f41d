internal import BuildModel

extension FencedWriter {
    /// The manifest without `replicas` where somebody else sets it, and the object as it is after we have handed the number over.
    ///
    /// Giving up a field that nobody else owns would reset it, and the app would fall back to one pod.
    func leavingReplicas(
        _ body: JSONValue,
        over found: JSONValue,
        _ request: ClusterRequest
    ) async throws -> (body: JSONValue, found: JSONValue) {
        guard request.kind == .deployment else { return (body, found) }
        let fields = ManagedFields(of: found)
        var body = body
        if body["spec"]?["replicas"] != nil {
            guard try await isScaledByOthers(fields, request) else {
                return (body, try await takingBack(fields, of: found, request))
            }
            var spec = body["spec"] ?? [:]
            spec["replicas"] = nil
            body["spec"] = spec
        }
        guard fields.ownsReplicas, !fields.othersOwnReplicas, !fields.holdsReplicas,
            let live = found["spec"]?["replicas"]
        else { return (body, found) }
        var handover = request
        handover.manager = ManagedFields.handover
        var metadata: JSONValue = ["name": .string(request.name), "namespace": .string(request.namespace)]
        metadata["resourceVersion"] = found["metadata"]?["resourceVersion"]
        handover.body = [
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": ["replicas": live],
        ]
        return (body, try await client.send(handover, confirm: confirm).object)
    }

    /// The object after the number of pods is free for us to set again, where we had given it up and nobody took it.
    private func takingBack(
        _ fields: ManagedFields,
        of found: JSONValue,
        _ request: ClusterRequest
    ) async throws -> JSONValue {
        guard fields.holdsReplicas, let version = found["metadata"]?["resourceVersion"] else { return found }
        var amendment = request
        amendment.verb = .amend
        amendment.body = ["metadata": ["resourceVersion": version, "managedFields": .array(fields.withoutHandover)]]
        return try await client.send(amendment, confirm: confirm).object
    }

    /// Whether another manager has set the number of pods, or an autoscaler is there that will: releases before 1.22 do not write
    /// down who has scaled. Where autoscalers may not be looked at, the managers alone count.
    private func isScaledByOthers(_ fields: ManagedFields, _ request: ClusterRequest) async throws -> Bool {
        if fields.othersOwnReplicas { return true }
        let autoscalers: [JSONValue]
        do {
            let list = ClusterRequest(.list, .autoscaler, namespace: request.namespace)
            autoscalers = try await client.send(list).object["items"]?.array ?? []
        } catch let failure as BuildFailure where [.forbidden, .notFound].contains(failure.code) {
            return false
        }
        return autoscalers.contains { autoscaler in
            let target = autoscaler["spec"]?["scaleTargetRef"]
            return target?["kind"]?.string == "Deployment" && target?["name"]?.string == request.name
        }
    }
}
