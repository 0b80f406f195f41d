package import BuildModel

/// Runs `body` and cancels it when `limit` has passed.
///
/// - Parameters:
///   - limit: how long the body may take.
///   - counts: asked when the limit has passed; if it says no, the limit is none.
///   - failure: what is thrown when it took longer; a timeout never looks like a cancellation.
/// - Throws: what `body` throws, or `failure`.
package func withDeadline<Value: Sendable>(
    _ limit: Duration,
    counts: @escaping @Sendable () -> Bool = { true },
    failure: @autoclosure @escaping @Sendable () -> BuildFailure,
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            while !counts() { try await Task.sleep(for: .seconds(86400)) }
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let value = first else {
            group.cancelAll()
            // The body ends by its own cancellation; what it throws then is not the reason.
            while (try? await group.next()) != nil {}
            throw failure()
        }
        return value
    }
}

/// Runs `body` to its end even when the surrounding task is cancelled: for writing down how something ended.
package func withoutCancellation<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await Task { try await body() }.value
}
