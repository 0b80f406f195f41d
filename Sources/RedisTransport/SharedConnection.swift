internal import BuildModel
internal import Platform

/// The one connection that all plain commands of a client go over, opened again when it broke.
actor SharedConnection {
    private let opener: ConnectionOpener
    private var current: RedisConnection?
    private var opening: Task<RedisConnection, any Error>?
    private var isClosed = false

    init(_ opener: ConnectionOpener) {
        self.opener = opener
    }

    /// The connection; opened first if there is none.
    func connection(by deadline: Deadline) async throws -> RedisConnection {
        guard !isClosed else {
            throw BuildFailure(
                .platform,
                .internal,
                operation: "redis.connect",
                message: "The Redis client was closed already."
            )
        }
        if let current, await current.isOpen { return current }
        return try await opened(by: deadline)
    }

    /// Everybody who finds the connection broken waits for the same new one: a caller that is cancelled must not take
    /// it from the others, which is why opening is a task of its own. Its deadline is the first caller's.
    private func opened(by deadline: Deadline) async throws -> RedisConnection {
        if let opening { return try await opening.value }
        let opener = opener
        let task = Task { try await opener.open(by: deadline) }
        opening = task
        defer { opening = nil }
        let connection = try await task.value
        guard !isClosed else {
            await connection.close()
            throw BuildFailure.cancelled(operation: "redis.connect")
        }
        current = connection
        return connection
    }

    func close() async {
        isClosed = true
        opening?.cancel()
        await current?.close()
        current = nil
    }
}
