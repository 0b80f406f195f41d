internal import Platform
internal import Synchronization

/// Keeps the requests of this process to one cluster to a rate, with room for a burst, so that many builds at once do not use up what
/// the API server gives a client (its priority levels answer 429 then). A generic cell rate algorithm.
final class RequestPace: Sendable {
    private let interval: Duration
    private let room: Duration
    private let next = Mutex(ContinuousClock.now)

    init(perSecond: Int, burst: Int) {
        interval = .seconds(1) / max(1, perSecond)
        room = interval * max(0, burst - 1)
    }

    /// Takes a turn; how long to wait for it.
    func delay(at now: ContinuousClock.Instant = .now) -> Duration {
        next.withLock { next in
            let turn = max(next, now)
            next = turn + interval
            return max(.zero, now.duration(to: turn) - room)
        }
    }
}
