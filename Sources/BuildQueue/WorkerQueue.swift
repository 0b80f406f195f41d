package import BuildModel
internal import Platform
package import RedisTransport
internal import Synchronization

/// The queue as a worker sees it: take builds, keep them, tell how they go, end them.
///
/// Every call for a lease is refused with code `lease_lost` once the lease is another's, and, but for renewing, with `lease_over` once
/// it ran out. Calls survive lost connections:
/// they are repeated until their deadline, and a repeat changes nothing.
package struct WorkerQueue: Sendable {
    /// The settings that the queue was made with.
    package let settings: QueueSettings
    let caller: FunctionCaller
    let mark = DoorbellMark()
    let cancels: CancelMark
    let tokens: LostClaims

    /// Whether a claim failed in a way that it may have taken a build all the same; the next claim asks for it.
    package var hasLostClaims: Bool { tokens.hasAny }

    /// - Parameters:
    ///   - client: the server; the caller closes it.
    ///   - settings: the worker's name, the farm, and limits.
    /// - Throws: `BuildFailure` with code `invalid_configuration` for a farm's name that cannot be part of a key.
    package init(_ client: RedisClient, settings: QueueSettings) throws(BuildFailure) {
        self.settings = settings
        caller = FunctionCaller(client: client, keys: try QueueKeys(farm: settings.farm))
        (cancels, tokens) = (CancelMark(), LostClaims())
    }

    private init(_ former: WorkerQueue, settings: QueueSettings) {
        self.settings = settings
        (caller, cancels, tokens) = (former.caller, former.cancels, former.tokens)
    }

    /// The same queue by other settings. What it has left to do goes along: claims whose replies were lost, also one that is
    /// under way now, and the place in the stream of cancelled builds.
    ///
    /// - Parameter settings: its farm and worker's name are not taken: they are what others know this worker by.
    package func changed(to settings: QueueSettings) -> WorkerQueue {
        var settings = settings
        (settings.farm, settings.worker) = (self.settings.farm, self.settings.worker)
        return WorkerQueue(self, settings: settings)
    }

    /// Waits until there may be work: a request in the intake, or a build that became ready or is due. Owns nothing by that.
    ///
    /// - Parameter limit: how long to wait at most.
    /// - Returns: false if nothing happened.
    /// - Throws: `BuildFailure`, also when the task is cancelled.
    package func waitForWork(_ limit: Duration) async throws -> Bool {
        // Whatever is in the intake has not been taken in, so its mark is always the beginning.
        let limit = min(limit, mark.untilDue)
        let words: [RedisArgument] = [
            "XREAD", "COUNT", "1", "BLOCK", RedisArgument(max(1, limit.milliseconds)), "STREAMS",
            caller.keys.intake, caller.keys.doorbell, "0-0", RedisArgument(mark.value),
        ]
        return try await caller.client.sendBlocking(words, waiting: limit) != .null
    }
}

/// The doorbell's last ring that a claim has seen while nothing was ready: later rings are news. And when, by what that claim
/// has seen, the first delayed build is due.
///
/// A claim that had too many builds to look at is gone on with by others. What comes meanwhile may be for the part that was looked at
/// already: so the ring is the first one's.
final class DoorbellMark: Sendable {
    private struct State {
        var ring = "0-0"
        var due: ContinuousClock.Instant?
        var place: String?
    }

    private let last = Mutex(State())

    var value: String { last.withLock { $0.ring } }

    /// Where the next claim goes on; nil for the beginning.
    var place: String? { last.withLock { $0.place } }

    /// How long there is nothing to do at most.
    var untilDue: Duration {
        guard let due = last.withLock({ $0.due }) else { return .seconds(3600) }
        return max(.zero, ContinuousClock.now.duration(to: due))
    }

    /// - Parameters:
    ///   - due: milliseconds from now; negative for never.
    ///   - place: where the next claim goes on.
    func move(to ring: String, due: Int64?, place: String?) {
        let instant = due.flatMap { $0 < 0 ? nil : ContinuousClock.now + .milliseconds($0) }
        last.withLock { last in
            if last.place == nil { last.ring = ring }
            (last.due, last.place) = (instant, place)
        }
    }

    /// A build was found: the next claim looks at all again.
    func startOver() { last.withLock { $0.place = nil } }
}

/// The tokens of claims whose replies were lost, to be sent again: a build that such a call took is had by the next one.
final class LostClaims: Sendable {
    private let tokens = Mutex<[String]>([])

    var hasAny: Bool { tokens.withLock { !$0.isEmpty } }

    func take() -> String? { tokens.withLock { $0.popLast() } }

    func keep(_ token: String) { tokens.withLock { if $0.count < 16 { $0.append(token) } } }
}
