internal import BuildModel
internal import BuildQueue
internal import Logging
internal import Platform
internal import Synchronization

/// Keeps a lease alive, and says when it may be lost, before anybody else can have it.
///
/// Time is taken from a clock that goes on while the process is stopped or the machine sleeps, so that an attempt that wakes
/// up late knows that it is late.
final class LeaseGuardian: Sendable {
    private let queue: WorkerQueue
    private let lease: Mutex<Lease>
    private let logger: Logger
    private let stops: AsyncStream<BuildFailure>
    private let stop: AsyncStream<BuildFailure>.Continuation

    init(queue: WorkerQueue, lease: Lease, logger: Logger) {
        self.queue = queue
        self.lease = Mutex(lease)
        self.logger = logger
        (stops, stop) = AsyncStream.makeStream(of: BuildFailure.self, bufferingPolicy: .bufferingOldest(1))
    }

    /// Why somebody cancelled the build; nil while nobody has.
    var cancellation: BuildFailure? { lease.withLock { $0.cancellation } }

    /// Waits until somebody cancels the build, or the task is cancelled.
    ///
    /// - Throws: `BuildFailure` with fault `cancelled` that says why.
    func waitForCancellation() async throws {
        for await failure in stops { throw failure }
    }

    /// How long before its end the lease is no longer trusted, so that work stops before it can be given away.
    private var margin: Duration { queue.settings.lease / 3 }

    /// Renews until cancelled.
    ///
    /// - Throws: `BuildFailure` with code `lease_lost`: the build belongs to another attempt by now, or soon may.
    func run() async throws {
        while true {
            try await Task.sleep(for: queue.settings.renewEvery)
            try await renew()
        }
    }

    /// Renews now: a hint came that the build may have been cancelled.
    ///
    /// - Throws: `BuildFailure` with code `lease_lost`.
    func renew() async throws {
        try check()
        do {
            let renewed = try await queue.renew(lease.withLock { $0 })
            lease.withLock { if $0.expiresAt < renewed.expiresAt { $0 = renewed } }
            if let cancellation = renewed.cancellation { stop.yield(cancellation) }
        } catch let failure as BuildFailure where failure.code == .leaseLost || failure.fault == .cancelled {
            throw failure
        } catch {
            noteTrouble(error, doing: "renew the lease")
        }
    }

    /// - Throws: `BuildFailure` with code `lease_lost` if the lease may be about to end.
    func check() throws(BuildFailure) {
        let lease = lease.withLock { $0 }
        guard Duration.nanoseconds(lease.expiresAt - SystemInformation.bootNanoseconds) <= margin else { return }
        throw BuildFailure(
            .platform,
            .leaseLost,
            operation: "lease.check",
            message:
                "The lease of build \(lease.id) could not be renewed in time; this attempt stops by itself."
        )
    }

    /// Writes down a failure that does not end the attempt.
    func noteTrouble(_ error: any Error, doing what: String) {
        logger.warning("could not \(what)", metadata: ["error": "\(BuildFailure(error, operation: "lease"))"])
    }
}
