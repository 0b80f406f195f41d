package import BuildModel
internal import Documents
internal import Platform
package import RedisTransport

/// What became of a request.
package struct EnqueueReceipt: Sendable, Hashable {
    package var id: String
    /// False if there was a build with this id, which is then untouched.
    package var isNew: Bool
    /// The build's state now.
    package var state: BuildState
}

/// The queue as producers and readers see it.
package struct BuildQueueClient: Sendable {
    let caller: FunctionCaller
    let retention: Duration

    /// - Parameters:
    ///   - client: the server; the caller closes it.
    ///   - farm: the farm's name.
    ///   - retention: as in `QueueSettings`, for builds that a reader takes in and that fail at once.
    /// - Throws: `BuildFailure` with code `invalid_configuration` for a farm's name that cannot be part of a key.
    package init(_ client: RedisClient, farm: String, retention: Duration = .seconds(7 * 86400)) throws(BuildFailure) {
        caller = FunctionCaller(client: client, keys: try QueueKeys(farm: farm))
        self.retention = retention
    }

    /// A key that lies in the same slot of a cluster as all others of the farm.
    package static func routingKey(farm: String) -> String { "slipway:{\(farm)}:intake" }

    /// Queues a build; a repeat with the same `deploymentId` changes nothing.
    ///
    /// - Parameter text: a request of the intake contract as JSON, at most 256 KiB.
    /// - Throws: `BuildFailure`: `invalid_json` or `invalid_request` that names the field; `redis_out_of_memory`.
    package func enqueue(_ text: String) async throws -> EnqueueReceipt {
        _ = try BuildRequest(json: try JSONDocument.parse(text))
        let reply = try await caller.call("enqueue", [RedisArgument(text), RedisArgument(retention.milliseconds)])
        guard let id = reply[1]?.text else { throw FunctionCaller.unexpected(reply, "queue.enqueue") }
        let state = reply[2]?.text.flatMap(BuildState.init(rawValue:)) ?? .pending
        return EnqueueReceipt(id: id, isNew: reply[0]?.text == "created", state: state)
    }

    /// What is known of a build; nil if there is none with this id.
    ///
    /// A request that still lies in the intake because no worker had room for it is taken in first.
    ///
    /// - Throws: `BuildFailure`.
    package func status(_ id: String) async throws -> BuildStatus? {
        if let status = try await stored(id) { return status }
        let taken = try await caller.call("ingest", [RedisArgument(retention.milliseconds)])
        guard taken != .integer(0) else { return nil }
        return try await status(id)
    }

    func stored(_ id: String) async throws -> BuildStatus? {
        let words = ["HMGET", caller.keys.build(id)] + BuildStatus.fields.map { RedisArgument($0) }
        return try BuildStatus(reply: try await caller.client.send(words))
    }

    /// The newest builds, newest first.
    ///
    /// - Parameter limit: how many at most.
    /// - Throws: `BuildFailure`.
    package func list(limit: Int) async throws -> [BuildStatus] {
        guard limit > 0 else { return [] }
        let range: [RedisArgument] = ["ZREVRANGE", caller.keys.builds, "0", RedisArgument(limit - 1)]
        let ids = try await caller.client.send(range).array?.compactMap(\.text) ?? []
        var builds: [BuildStatus] = []
        for id in ids {
            if let status = try await stored(id) { builds.append(status) }
        }
        return builds
    }

    /// The failure for an id that no build has.
    package static func unknown(_ id: String) -> BuildFailure {
        BuildFailure(
            .code,
            .notFound,
            operation: "queue.status",
            message: "There is no build '\(id.prefix(128))'; finished builds are forgotten after their retention."
        )
    }
}
