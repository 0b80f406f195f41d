internal import BuildModel
internal import Platform

/// Follows an object until somebody has decided on it: what the cluster says of it, a tick from time to time to look at what belongs to
/// it, and the end of the time that it may take.
struct ObjectWait: Sendable {
    let watch: ObjectWatch
    let limit: Duration

    enum Input: Sendable {
        case object(JSONValue?)
        /// The cluster cannot be asked at the moment.
        case trouble(BuildFailure)
        /// Time to look at the pods again.
        case tick
        case deadline
    }

    /// Runs until `decide` returns or throws.
    func run(_ decide: (ObjectInputs) async throws -> Void) async throws {
        let (stream, continuation) = AsyncThrowingStream<Input, any Error>.makeStream()
        let inputs = ObjectInputs(stream, until: .now + limit)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await follow(continuation) }
            group.addTask { await tick(continuation, inputs.gate) }
            group.addTask {
                guard (try? await Task.sleep(for: limit)) != nil else { return }
                continuation.yield(.deadline)
            }
            defer { group.cancelAll() }
            try await decide(inputs)
        }
    }

    private func follow(_ continuation: AsyncThrowingStream<Input, any Error>.Continuation) async {
        do {
            try await watch.run(trouble: { continuation.yield(.trouble($0)) }) { continuation.yield(.object($0)) }
        } catch {
            continuation.finish(throwing: error)
        }
    }

    private func tick(_ continuation: AsyncThrowingStream<Input, any Error>.Continuation, _ gate: TickGate) async {
        while (try? await Task.sleep(for: watch.client.settings.progressPeriod)) != nil {
            if gate.enter() { continuation.yield(.tick) }
        }
    }

    /// The object at the end of the time that it may take. Whoever cannot be asked has said nothing: that is no verdict.
    ///
    /// - Throws: `BuildFailure` with code `unreachable` that may be retried, if the cluster cannot be asked.
    func last(_ subject: String) async throws -> JSONValue? {
        do {
            return try await watch.now()
        } catch let failure as BuildFailure where failure.isRetryable && failure.fault != .cancelled {
            throw BuildFailure(
                .platform,
                .unreachable,
                operation: "kubernetes.watch",
                message:
                    "How the \(subject) ended is unknown: when its \(Int(limit.seconds)) s were over, the cluster could not be "
                    + "asked. Nothing was taken back. \(failure.message)",
                cause: failure.cause,
                isRetryable: true
            )
        }
    }
}
