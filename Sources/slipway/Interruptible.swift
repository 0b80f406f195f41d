import Platform

/// Work at a terminal that a signal ends in order: what runs is cancelled, and what it left is removed, here and at the other side.
enum Interruptible {
    /// Runs `body`; the first SIGINT or SIGTERM cancels it, the second ends the process at once.
    ///
    /// - Throws: what `body` throws, or `CancellationError`.
    static func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let (asked, asking) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await count in TerminationSignals.requests() {
                    guard count == 1 else { ExitStatus.end(.cancelled) }
                    StandardError.write("slipway: stopping, and closing what is open; a second signal ends it at once")
                    asking.finish()
                }
                return false
            }
            group.addTask {
                try await run(body, until: asked)
                return true
            }
            defer { group.cancelAll() }
            while let isDone = try await group.next() {
                if isDone { return }
            }
        }
    }

    private static func run(_ body: @escaping @Sendable () async throws -> Void, until asked: AsyncStream<Void>)
        async throws
    {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask {
                for await _ in asked {}
                throw CancellationError()
            }
            defer { group.cancelAll() }
            while let isDone = try await group.next() {
                if isDone { return }
            }
        }
    }
}
