import Platform

/// Work at a terminal that a signal ends in order: what runs is cancelled, and what it left is removed.
enum Interruptible {
    /// Runs `body`; SIGINT or SIGTERM cancels it.
    ///
    /// - Throws: what `body` throws, or `CancellationError`.
    static func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask {
                for await _ in TerminationSignals.requests() { throw CancellationError() }
                return false
            }
            defer { group.cancelAll() }
            while let isDone = try await group.next() {
                if isDone { return }
            }
        }
    }
}
