package import BuildModel

/// A queue as attempts see it, whatever keeps it: Redis for a farm (`WorkerQueue`), memory for a build in one process
/// (`MemoryQueue`). One suite of tests holds both to the same behaviour.
package protocol LeasedQueue: Sendable {
    /// Takes the build whose turn it is; nil if none may run now.
    func claim() async throws -> Lease?

    /// Keeps the lease for another lease's length; the reply says whether the build has to stop.
    ///
    /// - Throws: `BuildFailure` with code `lease_lost`.
    func renew(_ lease: Lease) async throws -> Lease

    /// Returns only if the lease holds and nobody has cancelled the build: asked right before an effect that others see.
    ///
    /// - Throws: `BuildFailure` with code `lease_lost`, or with fault `cancelled`.
    func confirm(_ lease: Lease) async throws

    /// Says that a phase begins.
    ///
    /// - Throws: `BuildFailure` with code `lease_lost`.
    func setPhase(_ lease: Lease, _ phase: BuildPhase) async throws

    /// Puts the build back at its old place; this attempt does not count.
    ///
    /// - Throws: `BuildFailure` with code `lease_lost`.
    func giveBack(_ lease: Lease, within limit: Duration) async throws

    /// Ends the attempt: with it the build, unless its failure may pass and attempts are left.
    ///
    /// - Throws: `BuildFailure` with code `lease_lost`.
    @discardableResult
    func finish(_ lease: Lease, _ outcome: BuildOutcome, within limit: Duration) async throws -> FinishReceipt

    /// Looks after the queue: takes builds back whose leases ran out, makes delayed ones ready.
    @discardableResult
    func tend() async throws -> CareReceipt
}

extension WorkerQueue: LeasedQueue {}
