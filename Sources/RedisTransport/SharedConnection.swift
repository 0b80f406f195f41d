internal import BuildModel
internal import Platform

/// The one connection that all plain commands of a client go over, opened again when it broke.
///
/// Everybody who finds it broken waits for the same new one, and may leave without taking it from the others: that is
/// why opening is a task of its own. It ends by its first caller's deadline.
actor SharedConnection {
    private typealias Waiter = CheckedContinuation<RedisConnection, any Error>

    private let opener: ConnectionOpener
    private var current: RedisConnection?
    private var opening: Task<Void, Never>?
    private var waiting: [UInt64: Waiter] = [:]
    private var tickets: UInt64 = 0
    private var isClosed = false

    init(_ opener: ConnectionOpener) {
        self.opener = opener
    }

    /// The connection; opened first if there is none, tried for until the deadline.
    ///
    /// - Throws: `BuildFailure`: why it cannot be opened, or `cancelled`.
    func connection(by deadline: Deadline) async throws -> RedisConnection {
        while true {
            if let current {
                if await current.isOpen { return current }
                // Somebody else may have looked, and opened another, in the meantime.
                if self.current === current { self.current = nil }
                continue
            }
            do {
                return try await opened(by: deadline)
            } catch {
                let failure = BuildFailure(error, operation: "redis.connect")
                guard failure.isRetryable, !deadline.hasPassed, !isClosed else { throw failure }
            }
        }
    }

    private func opened(by deadline: Deadline) async throws -> RedisConnection {
        let reason = "could not be connected to in time."
        let late = BuildFailure.unreachable(opener.endpoint, operation: "redis.connect", reason: reason)
        // A little more than is left, so that the opening itself can say why it failed.
        return try await withDeadline(deadline.remaining + .milliseconds(50), failure: late) {
            try await self.join(by: deadline)
        }
    }

    /// Waits with the others for the opening under way, or begins one.
    private func join(by deadline: Deadline) async throws -> RedisConnection {
        guard !isClosed else { throw Self.closed }
        if let current { return current }
        if opening == nil { opening = Task { await open(by: deadline) } }
        tickets += 1
        let ticket = tickets
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiting[ticket] = $0 }
        } onCancel: {
            Task { await leave(ticket) }
        }
    }

    private func open(by deadline: Deadline) async {
        do {
            let connection = try await opener.open(by: deadline)
            if isClosed { await connection.close() } else { current = connection }
            settle(.success(connection))
        } catch {
            settle(.failure(error))
        }
    }

    private func settle(_ result: Result<RedisConnection, any Error>) {
        opening = nil
        let waiters = waiting.values
        waiting = [:]
        for waiter in waiters { waiter.resume(with: result) }
    }

    private func leave(_ ticket: UInt64) {
        waiting.removeValue(forKey: ticket)?.resume(throwing: BuildFailure.cancelled(operation: "redis.connect"))
    }

    func close() async {
        isClosed = true
        opening?.cancel()
        await current?.close()
        current = nil
    }

    private static var closed: BuildFailure {
        BuildFailure(
            .platform,
            .internal,
            operation: "redis.connect",
            message: "The Redis client was closed already."
        )
    }
}
