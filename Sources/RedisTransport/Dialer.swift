internal import BuildModel
internal import Dispatch
internal import Glibc
internal import Platform
internal import Synchronization

/// Opens non-blocking sockets to a Redis server, away from the cooperative pool.
enum Dialer {
    /// Name look-ups and connects that may wait at the same time, in the whole process.
    private static let pool = BlockingPool(label: "redis.dial", width: 4)

    /// A connected, non-blocking, close-on-exec socket; the caller owns it.
    ///
    /// The look-up of a name cannot be interrupted (getaddrinfo(3)): when the deadline passes it is left to end by itself.
    ///
    /// - Throws: `BuildFailure` with code `unreachable`, or `cancelled`.
    static func open(_ endpoint: RedisEndpoint, by deadline: Deadline) async throws -> Int32 {
        let answer = DialAnswer()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                answer.wait(continuation)
                pool.submit { answer.give(dial(endpoint, by: deadline, until: answer)) }
                DispatchQueue.global().asyncAfter(deadline: .now() + deadline.remaining.seconds) {
                    answer.give(.failure(late(endpoint)))
                }
            }
        } onCancel: {
            answer.give(.failure(.cancelled(operation: "redis.connect")))
        }
    }

    private static func late(_ endpoint: RedisEndpoint) -> BuildFailure {
        .unreachable(endpoint, operation: "redis.connect", reason: "did not accept a connection in time.")
    }

    private static func dial(
        _ endpoint: RedisEndpoint,
        by deadline: Deadline,
        until answer: DialAnswer
    ) -> Result<Int32, BuildFailure> {
        let addresses: [SocketAddress]
        switch SocketAddress.resolve(endpoint) {
        case .success(let found): addresses = found
        case .failure(let failure): return .failure(failure)
        }
        var reason: Int32 = ETIMEDOUT
        for address in addresses where !deadline.hasPassed && !answer.isGiven {
            switch address.connect(while: { !deadline.hasPassed && !answer.isGiven }) {
            case .success(let descriptor): return .success(descriptor)
            case .failure(let error): reason = error.number
            }
        }
        return .failure(
            .unreachable(
                endpoint,
                operation: "redis.connect",
                reason: "cannot be reached; is it running, and is the address right?",
                cause: unsafe String(cString: strerror(reason))
            )
        )
    }
}

/// The one answer to a dial: the first to come is given, a socket that comes later is closed.
private final class DialAnswer: Sendable {
    private enum State {
        case idle
        case waiting(CheckedContinuation<Int32, any Error>)
        case early(BuildFailure)
        case given
    }

    private let state = Mutex(State.idle)

    var isGiven: Bool {
        state.withLock { state in
            switch state {
            case .idle, .waiting: false
            case .early, .given: true
            }
        }
    }

    func wait(_ continuation: CheckedContinuation<Int32, any Error>) {
        let early: BuildFailure? = state.withLock { state in
            if case .early(let failure) = state {
                state = .given
                return failure
            }
            state = .waiting(continuation)
            return nil
        }
        if let early { continuation.resume(throwing: early) }
    }

    func give(_ result: Result<Int32, BuildFailure>) {
        let waiting: CheckedContinuation<Int32, any Error>? = state.withLock { state in
            switch (state, result) {
            case (.waiting(let continuation), _):
                state = .given
                return continuation
            case (.idle, .failure(let failure)):
                state = .early(failure)
                return nil
            default: return nil
            }
        }
        if let waiting {
            waiting.resume(with: result.mapError { $0 as any Error })
        } else if case .success(let descriptor) = result {
            close(descriptor)
        }
    }
}
