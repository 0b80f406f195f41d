import BuildModel
import BuildQueue

/// The way of one build through a queue in memory: the same states, leases and ends as in a farm, without Redis.
struct LocalQueue: Sendable {
    let request: BuildRequest

    /// Runs `body` under the build's lease and writes down how it ended.
    ///
    /// - Throws: what `body` throws.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable (Lease, MemoryQueue) async throws -> Value
    ) async throws -> Value {
        let queue = MemoryQueue()
        _ = await queue.enqueue(request)
        guard let lease = await queue.claim() else {
            throw BuildFailure(.platform, .internal, operation: "build", message: "The build cannot be claimed.")
        }
        do {
            let value = try await Self.keeping(lease, queue) { try await body(lease, queue) }
            try await queue.finish(lease, .succeeded(BuildResult()))
            return value
        } catch {
            // A person asks again: what may pass is not tried again behind their back.
            var failure = BuildFailure(error, operation: "build")
            failure.isRetryable = false
            try await queue.finish(lease, .failed(failure))
            throw error
        }
    }

    /// Renews the lease for as long as `body` runs.
    private static func keeping<Value: Sendable>(
        _ lease: Lease,
        _ queue: MemoryQueue,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while true {
                    try await Task.sleep(for: .seconds(10))
                    _ = try await queue.renew(lease)
                }
            }
            defer { group.cancelAll() }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw BuildFailure.cancelled(operation: "build")
        }
    }
}
