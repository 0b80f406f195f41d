package import BuildModel
internal import Platform
internal import RedisTransport

extension BuildQueueClient {
    /// Cancels a build. One that waits ends at once. One that runs is told, and ends as CANCELLED when its worker has stopped
    /// it; what it has applied to a cluster by then stays.
    ///
    /// - Returns: the state right after; that of a build which had ended already is not changed.
    /// - Throws: `BuildFailure` with code `not_found`.
    package func cancel(_ id: String) async throws -> BuildState {
        let (name, kept) = (RedisArgument(id), RedisArgument(retention.milliseconds))
        var reply = try await caller.call("cancel", [name, kept])
        // The build may lie in the intake behind more entries than one call takes in.
        while reply.text == "unknown", try await caller.call("ingest", [kept]).integer ?? 0 > 0 {
            reply = try await caller.call("cancel", [name, kept])
        }
        if reply.text == "unknown" { throw Self.unknown(id) }
        guard let state = reply.text.flatMap(BuildState.init(rawValue:)) else {
            throw FunctionCaller.unexpected(reply, "queue.cancel")
        }
        return state
    }

    /// Starts a build that FAILED or was CANCELLED over, under its own id and with all its attempts.
    ///
    /// - Throws: `BuildFailure`: `not_found`, or `invalid_request` for a build in another state.
    package func retry(_ id: String) async throws {
        let token = RedisArgument("retry-\(UInt64.random(in: 0 ... .max))")
        let reply = try await caller.call("retry", [RedisArgument(id), token])
        switch reply.text {
        case "requeued": return
        case "unknown": throw Self.unknown(id)
        default: throw Self.notRetried(id, state: reply.text ?? "unknown")
        }
    }

    static func notRetried(_ id: String, state: String) -> BuildFailure {
        BuildFailure(
            .code,
            .invalidRequest,
            operation: "queue.retry",
            message: "Build '\(id)' is \(state); only FAILED and CANCELLED ones start over."
        )
    }

    /// Dead letters, newest first: builds that failed for good by no fault of their code.
    ///
    /// - Parameter limit: how many at most.
    /// - Throws: `BuildFailure`.
    package func deadBuilds(limit: Int) async throws -> [BuildStatus] {
        let range: [RedisArgument] = ["ZREVRANGE", caller.keys.buried, "0", RedisArgument(max(0, limit - 1))]
        let ids = try await caller.client.send(range).array?.compactMap(\.text) ?? []
        var builds: [BuildStatus] = []
        for id in ids {
            if let status = try await stored(id) { builds.append(status) }
        }
        return builds
    }

    /// Dead letters, newest first: entries of the intake that name no build.
    ///
    /// - Parameter limit: how many at most.
    /// - Throws: `BuildFailure`.
    package func deadEntries(limit: Int) async throws -> [DeadEntry] {
        let range: [RedisArgument] = ["XREVRANGE", caller.keys.dead, "+", "-", "COUNT", RedisArgument(max(1, limit))]
        return try await caller.client.send(range).array?.map { DeadEntry($0) } ?? []
    }

    /// The dead letter of an entry; nil if there is none with this id.
    ///
    /// - Parameter position: its id in the stream of dead letters.
    /// - Throws: `BuildFailure`.
    package func deadEntry(_ position: String) async throws -> DeadEntry? {
        let parts = position.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ UInt64($0) != nil }) else { return nil }
        let word = RedisArgument(position)
        return try await caller.client.send(["XRANGE", caller.keys.dead, word, word])[0].map { DeadEntry($0) }
    }
}
