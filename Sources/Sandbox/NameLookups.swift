internal import BuildModel
internal import Platform
internal import Synchronization

/// Asks the system's resolver for one step, without being held up by it: `getaddrinfo` can neither be cancelled nor given a limit, so
/// a thread is left to itself when nobody waits for it any more. A step has few of them, and other steps have their own.
final class NameLookups: Sendable {
    private static let limit = Duration.seconds(15)

    private let threads = BlockingPool(label: "sandbox.resolve", width: 2)
    private let resolve: @Sendable (String, UInt16) -> [NetworkAddress]

    /// - Parameter resolve: waits for the answer.
    init(_ resolve: @escaping @Sendable (String, UInt16) -> [NetworkAddress] = { NetworkAddress.resolve($0, port: $1) })
    {
        self.resolve = resolve
    }

    /// What is waited for: the first that comes counts.
    private final class Answer: Sendable {
        private enum State {
            case open
            case awaited(CheckedContinuation<[NetworkAddress], any Error>)
            case given(Result<[NetworkAddress], any Error>)
        }

        private let state = Mutex(State.open)

        /// Whether anybody still waits.
        var isOpen: Bool {
            state.withLock { state in
                if case .given = state { return false }
                return true
            }
        }

        func give(_ result: Result<[NetworkAddress], any Error>) {
            let waiting: CheckedContinuation<[NetworkAddress], any Error>? = state.withLock { state in
                if case .given = state { return nil }
                defer { state = .given(result) }
                if case .awaited(let continuation) = state { return continuation }
                return nil
            }
            waiting?.resume(with: result)
        }

        func wait(_ continuation: CheckedContinuation<[NetworkAddress], any Error>) {
            let given: Result<[NetworkAddress], any Error>? = state.withLock { state in
                if case .given(let result) = state { return result }
                state = .awaited(continuation)
                return nil
            }
            if let given { continuation.resume(with: given) }
        }
    }

    /// The addresses of a host; none where the name is not known.
    ///
    /// - Throws: `BuildFailure` after fifteen seconds, or `CancellationError` at once when the task is cancelled.
    func addresses(of host: String, port: UInt16, limit: Duration = limit) async throws -> [NetworkAddress] {
        let answer = Answer()
        threads.submit { [resolve] in
            if answer.isOpen { answer.give(.success(resolve(host, port))) }
        }
        let late = BuildFailure.timedOut(operation: "sandbox.proxy", message: "Nobody knows '\(host)' in time.")
        return try await withDeadline(limit, failure: late) {
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { answer.wait($0) }
            } onCancel: {
                answer.give(.failure(CancellationError()))
            }
        }
    }
}
