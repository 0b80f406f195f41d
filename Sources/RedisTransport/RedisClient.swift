internal import BuildModel
internal import Platform
internal import Synchronization

/// The Redis that holds the queue, wherever that is at the moment, as its users see it: one shared connection for commands, and connections of their own for commands that block.
///
/// Connections open when they are first needed, and again, with growing jittered delays, after they broke. A command that a
/// server refused because another has the queue is sent to that one; no other is sent twice: whether that is safe only the
/// caller knows.
package final class RedisClient: Sendable {
    /// Where the server is.
    package let endpoint: RedisEndpoint
    let opener: ConnectionOpener
    let shared: SharedConnection
    private let blocking = Mutex(IdleConnections())

    /// Beyond its own waiting time, how long a blocking command may take to answer.
    private static let slack = Duration.seconds(5)

    /// - Parameters:
    ///   - location: where the queue is; nothing is opened yet.
    ///   - name: what the server's `CLIENT LIST` shows for this client.
    ///   - key: one of the queue's keys; in a cluster it says which server is the one.
    package init(_ location: RedisLocation, name: String, key: String) {
        endpoint = location.endpoint
        opener = ConnectionOpener(ServerFinder(location, key: key), name: name)
        shared = SharedConnection(opener)
    }

    /// A client of a server that is always the same.
    package convenience init(_ endpoint: RedisEndpoint, name: String) {
        self.init(RedisLocation(endpoint), name: name, key: "")
    }

    /// Sends a command over the shared connection and returns its reply, error replies included.
    ///
    /// - Parameters:
    ///   - words: the command and its arguments; it must not block in the server.
    ///   - limit: for everything, opening a connection included.
    /// - Throws: `BuildFailure`: `unreachable` (retryable; the command may or may not have run), `unauthorized`, `cancelled`.
    package func reply(_ words: [RedisArgument], within limit: Duration = .seconds(5)) async throws -> RedisValue {
        try await route(words, by: Deadline(after: limit))
    }

    /// Sends a command over the shared connection.
    ///
    /// - Throws: as `reply` does, and a `BuildFailure` that explains an error reply.
    @discardableResult
    package func send(_ words: [RedisArgument], within limit: Duration = .seconds(5)) async throws -> RedisValue {
        try await reply(words, within: limit).checked(endpoint, operation: Self.operation(words))
    }

    /// Sends a command that waits in the server, over a connection of its own.
    ///
    /// - Parameters:
    ///   - words: the command, with a `BLOCK` of `wait`.
    ///   - wait: how long the server may wait before it answers.
    /// - Throws: as `send` does; when the caller is cancelled the connection is closed.
    package func sendBlocking(_ words: [RedisArgument], waiting wait: Duration) async throws -> RedisValue {
        var connection = blocking.withLock { $0.take() }
        if let idle = connection, await !idle.isOpen { connection = nil }
        let used: RedisConnection
        if let connection {
            used = connection
        } else {
            used = try await opener.open(by: Deadline(after: Self.slack))
        }
        let value = try await used.send(words, within: wait + Self.slack, blocks: true)
        if let redirection = Redirection(value, from: used.endpoint) {
            if case .moved(let address) = redirection { opener.finder.follow(address) }
            await used.close()
        }
        if let refused = blocking.withLock({ $0.put(used) }) { await refused.close() }
        return try value.checked(endpoint, operation: Self.operation(words))
    }

    /// Whether Sentinels say which server has the queue.
    package var hasSentinels: Bool {
        if case .sentinels = opener.finder.location.kind { true } else { false }
    }

    /// Closes all connections; commands in flight fail, later ones too.
    package func close() async {
        for connection in blocking.withLock({ $0.close() }) { await connection.close() }
        await shared.close()
    }

    private static func operation(_ words: [RedisArgument]) -> String {
        "redis." + (words.first.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "").lowercased()
    }
}

/// Connections that wait for the next blocking command.
private struct IdleConnections {
    private var connections: [RedisConnection] = []
    private var isClosed = false

    mutating func take() -> RedisConnection? { connections.popLast() }

    /// Keeps a connection, or gives it back to be closed.
    mutating func put(_ connection: RedisConnection) -> RedisConnection? {
        guard !isClosed, connections.count < 4 else { return connection }
        connections.append(connection)
        return nil
    }

    mutating func close() -> [RedisConnection] {
        defer { connections = [] }
        isClosed = true
        return connections
    }
}
