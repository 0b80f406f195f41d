internal import BuildModel
internal import BuildQueue
internal import Logging
internal import Platform
internal import Synchronization

/// Keeps a lease alive, and says when it may be lost, before anybody else can have it. From then on nothing is written that
/// others see, until it was renewed or is lost.
///
/// Time is taken from a clock that goes on while the process is stopped or the machine sleeps, so that an attempt that wakes
/// up late knows that it is late.
final class LeaseGuardian: Sendable {
    private let queue: WorkerQueue
    private let lease: Mutex<Lease>
    private let watch: Mutex<Watch>
    private let logger: Logger

    /// Whether this process was awake all the time, and whether the lease is lost.
    private struct Watch {
        /// When the process was last seen awake, by the clock that counts suspend.
        var tick: Int64
        var isLost = false
    }

    private let stops: AsyncStream<BuildFailure>
    private let stop: AsyncStream<BuildFailure>.Continuation

    init(queue: WorkerQueue, lease: Lease, logger: Logger) {
        self.queue = queue
        self.lease = Mutex(lease)
        // From before the claim was sent: the process may have been stopped while its reply was under way.
        let asked = lease.expiresAt - queue.settings.lease.milliseconds * 1_000_000
        watch = Mutex(Watch(tick: min(asked, SystemInformation.bootNanoseconds)))
        self.logger = logger
        (stops, stop) = AsyncStream.makeStream(of: BuildFailure.self, bufferingPolicy: .bufferingOldest(1))
    }

    /// Why somebody cancelled the build; nil while nobody has.
    var cancellation: BuildFailure? { lease.withLock { $0.cancellation } }

    /// Waits until the build has to stop, or the task is cancelled.
    ///
    /// - Throws: `BuildFailure`: with fault `cancelled` that says why, or `lease_lost`.
    func waitForStop() async throws {
        for await failure in stops { throw failure }
    }

    /// How long before its end the lease is no longer trusted, so that work stops before it can be given away.
    private var margin: Duration { queue.settings.lease / 3 }

    /// How long a lease that ran out may still be renewed: Redis gives none away before it was back for a whole lease.
    private var patience: Duration { queue.settings.lease * 10 }

    /// Whether what the lease allows may be done now: by our own clock nobody else can have the build.
    var isTrusted: Bool { remaining > margin }

    private var remaining: Duration {
        .nanoseconds(lease.withLock { $0.expiresAt } - SystemInformation.bootNanoseconds)
    }

    /// Renews until cancelled, or the lease is lost, which stops the build. What fails is tried again soon.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.keepRenewing() }
            group.addTask { await self.keepAwake() }
            await group.next()
            group.cancelAll()
        }
    }

    private func keepRenewing() async {
        do {
            // Of a lease that an earlier call took, whose reply was lost, little may be left.
            var pause = remaining < queue.settings.renewEvery * 2 ? .zero : queue.settings.renewEvery
            while true {
                try await Task.sleep(for: pause)
                pause = try await renew() ? queue.settings.renewEvery : min(.seconds(1), queue.settings.renewEvery)
            }
        } catch let failure as BuildFailure where failure.code == .leaseLost {
            giveUp(failure)
        } catch {
            return
        }
    }

    /// Notes each second that the process is awake, until it was stopped for so long that the lease ran out meanwhile.
    private func keepAwake() async {
        while !Task.isCancelled, !wasStopped() {
            watch.withLock { $0.tick = SystemInformation.bootNanoseconds }
            do { try await Task.sleep(for: min(.seconds(1), margin / 2)) } catch { return }
        }
        if !Task.isCancelled { giveUp(lost) }
    }

    /// Whether the lease ran out while the process did not run: it then writes nothing any more, even if nobody has taken the
    /// build. An outage of Redis is another thing: the process was there all the time.
    private func wasStopped() -> Bool {
        let gap = Duration.nanoseconds(SystemInformation.bootNanoseconds - watch.withLock { $0.tick })
        return gap > margin && remaining <= .zero
    }

    private func giveUp(_ failure: BuildFailure) {
        watch.withLock { $0.isLost = true }
        stop.yield(failure)
    }

    /// Renews now. A lease that ran out can still be renewed: after an outage its owner may be the first to come back.
    ///
    /// - Returns: false if Redis could not be asked; the lease may hold all the same.
    /// - Throws: `BuildFailure` with code `lease_lost` if another attempt has the build, this process was stopped until the lease
    ///   had run out, or Redis was away for very long.
    @discardableResult
    func renew() async throws -> Bool {
        guard !watch.withLock({ $0.isLost }), !wasStopped() else { throw lost }
        do {
            let renewed = try await queue.renew(lease.withLock { $0 })
            // Before what was renewed hides it: the process may have been stopped since the look above.
            guard !wasStopped() else { throw lost }
            lease.withLock { if $0.expiresAt < renewed.expiresAt { $0 = renewed } }
            if let cancellation = renewed.cancellation { stop.yield(cancellation) }
            return true
        } catch let failure as BuildFailure where failure.code == .leaseLost || failure.fault == .cancelled {
            throw failure
        } catch {
            noteTrouble(error, doing: "renew the lease")
            guard remaining > .zero - patience else { throw lost }
            return false
        }
    }

    /// Returns once the lease can be trusted: at once, or when it was renewed after an outage.
    ///
    /// - Throws: `BuildFailure` with code `lease_lost`, or `CancellationError`.
    func waitForTrust() async throws {
        while !isTrusted {
            guard !watch.withLock({ $0.isLost }) else { throw lost }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Leave for a request that is about to be sent, by our own clock and without waiting.
    ///
    /// - Throws: `BuildFailure` with code `lease_in_doubt`, retryable: whoever asks for leave again waits until it is clear.
    func permit() throws(BuildFailure) {
        guard !isTrusted else { return }
        throw BuildFailure(
            .platform,
            .leaseInDoubt,
            operation: "lease.permit",
            message: "The lease of build \(lease.withLock { $0.id }) may be over, so the request was not sent.",
            isRetryable: true
        )
    }

    private var lost: BuildFailure {
        BuildFailure(
            .platform,
            .leaseLost,
            operation: "lease.renew",
            message:
                "The lease of build \(lease.withLock { $0.id }) could not be renewed; this attempt stops by itself."
        )
    }

    /// Writes down a failure that does not end the attempt.
    func noteTrouble(_ error: any Error, doing what: String) {
        logger.warning("could not \(what)", metadata: ["error": "\(BuildFailure(error, operation: "lease"))"])
    }
}

extension BuildFailure.Code {
    /// The lease may be over: what others see is not written before it was renewed.
    static let leaseInDoubt = Self(rawValue: "lease_in_doubt")
}
