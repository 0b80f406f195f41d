internal import BuildModel
internal import Platform
internal import Synchronization

/// Finds the server that holds the queue at the moment.
final class ServerFinder: Sendable {
    let location: RedisLocation
    /// A key of the queue: in a cluster, the server that has its slot is the one.
    private let key: String
    private let state: Mutex<State>

    private struct State {
        /// Whom to ask, the last one that answered first.
        var known: [RedisEndpoint.Address]
        /// Where a server has sent us.
        var hint: RedisEndpoint.Address?
    }

    init(_ location: RedisLocation, key: String) {
        self.location = location
        self.key = key
        state = Mutex(State(known: location.addresses))
    }

    /// Where the next look begins, because a server said so (`MOVED`).
    func follow(_ address: RedisEndpoint.Address) { state.withLock { $0.hint = address } }

    /// The server.
    ///
    /// - Throws: `BuildFailure` of the last that was asked; retryable unless none knows the primary's name.
    func find(within limit: Duration) async throws -> RedisEndpoint {
        if location.kind == .server { return location.endpoint }
        let (hint, known) = state.withLock { state in
            defer { state.hint = nil }
            return (state.hint, state.known)
        }
        if let hint { return endpoint(hint) }
        var last = BuildFailure.unreachable(location.endpoint, operation: "redis.find", reason: "knows no server.")
        for address in known {
            do {
                let found = try await ask(address, within: limit)
                state.withLock { $0.known = [address] + known.filter { $0 != address } }
                return found
            } catch {
                last = BuildFailure(error, operation: "redis.find")
                if last.fault == .cancelled { throw last }
            }
        }
        throw last
    }

    /// Whether a connection leads to a server that takes writes for the queue; Sentinels are behind for a moment.
    ///
    /// - Throws: `BuildFailure`, retryable.
    func check(_ connection: RedisConnection, within limit: Duration) async throws {
        guard case .sentinels = location.kind else { return }
        let role = try await connection.send(["ROLE"], within: limit)
            .checked(connection.endpoint, operation: "redis.find")
        guard role[0]?.text != "slave" else {
            throw BuildFailure.unreachable(
                connection.endpoint,
                operation: "redis.find",
                reason: "is not the primary yet, or no longer."
            )
        }
    }

    private func endpoint(_ address: RedisEndpoint.Address) -> RedisEndpoint {
        var endpoint = location.endpoint
        endpoint.address = address
        return endpoint
    }

    private func ask(_ address: RedisEndpoint.Address, within limit: Duration) async throws -> RedisEndpoint {
        var asked = endpoint(address)
        if case .sentinels = location.kind {
            (asked.user, asked.password, asked.database) = (nil, location.sentinelPassword, 0)
        }
        let connection = try await RedisConnection.connect(to: asked, within: limit)
        do {
            try await connection.logIn(name: "slipway-finder", within: limit)
            let found = try await answer(connection, within: limit)
            await connection.close()
            return endpoint(found)
        } catch {
            await connection.close()
            throw error
        }
    }

    private func answer(_ connection: RedisConnection, within limit: Duration) async throws -> RedisEndpoint.Address {
        guard case .sentinels(let name) = location.kind else { return try await owner(connection, within: limit) }
        let words: [RedisArgument] = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", RedisArgument(name)]
        let reply = try await connection.send(words, within: limit)
            .checked(connection.endpoint, operation: "redis.find")
        guard let host = reply[0]?.text, let port = reply[1]?.integer else {
            throw BuildFailure(
                .platform,
                .invalidConfiguration,
                operation: "redis.find",
                message:
                    "The Sentinel at \(connection.endpoint) knows no primary '\(name)'; is the name in redis.url right?"
            )
        }
        return .tcp(host: host, port: Int(port))
    }

    /// The node that has the slot of the queue's keys.
    private func owner(_ connection: RedisConnection, within limit: Duration) async throws -> RedisEndpoint.Address {
        let operation = "redis.find"
        let slot = try await connection.send(["CLUSTER", "KEYSLOT", RedisArgument(key)], within: limit)
            .checked(connection.endpoint, operation: operation).integer
        let ranges = try await connection.send(["CLUSTER", "SLOTS"], within: limit)
            .checked(connection.endpoint, operation: operation).array
        for range in ranges ?? [] {
            guard let slot, let first = range[0]?.integer, let last = range[1]?.integer, (first...last).contains(slot),
                let port = range[2]?[1]?.integer
            else { continue }
            // A node that does not know its own name means: the one that you have asked.
            let host = range[2]?[0]?.text.flatMap { $0.isEmpty || $0 == "?" ? nil : $0 }
            return .tcp(host: host ?? connection.endpoint.host, port: Int(port))
        }
        throw BuildFailure.unreachable(connection.endpoint, operation: operation, reason: "knows no owner of the slot.")
    }
}
