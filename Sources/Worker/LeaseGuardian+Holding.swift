internal import BuildModel
internal import BuildQueue

extension LeaseGuardian {
    /// Asks Redis for what only the lease's holder may do, once the lease can be trusted. Where it says that the lease has run out, as
    /// when its clock was put forward, the lease is renewed at once, and it is asked once more.
    ///
    /// - Parameter body: a call of the queue for this lease.
    /// - Throws: what `body` throws, also `lease_over`, retryable, if the lease could not be renewed; `lease_lost`, or
    ///   `CancellationError`.
    func whileHeld<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        try await waitForTrust()
        do {
            return try await body()
        } catch let failure as BuildFailure where failure.code == .leaseOver {
            guard try await renew() else { throw failure }
            return try await body()
        }
    }
}
