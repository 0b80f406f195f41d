internal import BuildModel

extension FencedWriter {
    /// The object after its strategy was made `Recreate`, if the manifest says so and what is there stands against it.
    ///
    /// The server has filled in the parameters of a rolling update, which nobody owns, so that no apply can remove them; and it takes no
    /// other strategy beside them. A merge patch removes them, and its fields become those of our applies afterwards.
    func clearingStrategy(
        for body: JSONValue,
        over found: JSONValue,
        _ request: ClusterRequest
    ) async throws -> JSONValue {
        guard request.kind == .deployment, body["spec"]?["strategy"]?["type"]?.string == "Recreate",
            found["spec"]?["strategy"]?["rollingUpdate"] != nil, !ManagedFields(of: found).othersOwnStrategy,
            let version = found["metadata"]?["resourceVersion"]
        else { return found }
        var amendment = request
        amendment.verb = .amend
        amendment.body = [
            "metadata": ["resourceVersion": version],
            "spec": ["strategy": ["type": "Recreate", "rollingUpdate": .null]],
        ]
        return try await client.send(amendment, confirm: confirm).object
    }
}
