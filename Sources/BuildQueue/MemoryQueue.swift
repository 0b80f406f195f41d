package import BuildModel
internal import Platform

/// The queue in the memory of one process, for `slipway build`: the same rules as the functions in Redis, without a farm's
/// tenants, limits and labels. Nothing of it outlives the process.
package actor MemoryQueue: LeasedQueue {
    /// How long a lease holds without a renewal.
    let leaseLength: Duration
    var builds: [String: MemoryBuild] = [:]
    private var lastEpoch: Int64 = 0
    private var lastOrder: Int64 = 0
    /// The newest build of each `supersedes` key.
    private var latest: [String: String] = [:]

    package init(lease: Duration = .seconds(30)) {
        leaseLength = lease
    }

    /// Queues a build; a repeat with the same id changes nothing.
    package func enqueue(_ request: BuildRequest, text: String = "") -> EnqueueReceipt {
        let id = request.deploymentID
        if let known = builds[id] { return EnqueueReceipt(id: id, isNew: false, state: known.state) }
        let time = SystemInformation.currentMilliseconds
        lastOrder = max(lastOrder + 1, time * 1000)
        var build = MemoryBuild(request: request, text: text, order: lastOrder, createdAt: time)
        if request.delayMilliseconds > 0 { build.notBefore = time + Int64(request.delayMilliseconds) }
        builds[id] = build
        supersede(by: request)
        return EnqueueReceipt(id: id, isNew: true, state: .pending)
    }

    private func supersede(by request: BuildRequest) {
        guard let name = request.supersedes else { return }
        let key = "\(request.organizationID ?? "") \(name)"
        defer { latest[key] = request.deploymentID }
        guard let older = latest[key], builds[older]?.state.isTerminal == false else { return }
        let words = "Superseded by the newer build \(request.deploymentID)."
        builds[older]?.stop(.stopped(code: BuildFailure.Code.superseded.rawValue, message: words))
    }

    /// What became of a build so far; nil for an unknown one.
    package func build(_ id: String) -> MemoryBuild? { builds[id] }

    /// Cancels a build: one that waits ends at once, one that runs is told.
    ///
    /// - Throws: `BuildFailure` with code `not_found`.
    package func cancel(_ id: String) throws(BuildFailure) -> BuildState {
        guard var build = builds[id] else { throw BuildQueueClient.unknown(id) }
        build.stop(.stopped(code: BuildFailure.Code.cancelled.rawValue, message: ""))
        builds[id] = build
        return build.state
    }

    package func claim() -> Lease? {
        let time = SystemInformation.currentMilliseconds
        let ready = builds.values.filter { $0.state == .pending && ($0.notBefore ?? 0) <= time }
        let busy = Set(builds.values.compactMap { $0.holdsProject ? $0.request.projectID : nil })
        let free = ready.filter { !$0.deploys || !busy.contains($0.request.projectID) || $0.holdsProject }
        guard var build = free.min(by: { $0.rank < $1.rank }) else { return nil }
        lastEpoch = max(lastEpoch + 1, time)
        build.begin(lastEpoch, until: leaseEnd)
        builds[build.id] = build
        return build.lease
    }

    private var leaseEnd: Int64 { SystemInformation.bootNanoseconds + leaseLength.milliseconds * 1_000_000 }

    package func renew(_ lease: Lease) throws(BuildFailure) -> Lease {
        var build = try held(lease)
        build.leaseUntil = leaseEnd
        builds[lease.id] = build
        var renewed = lease
        (renewed.expiresAt, renewed.cancellation) = (build.leaseUntil, build.cancellation)
        return renewed
    }

    package func confirm(_ lease: Lease) throws(BuildFailure) {
        let build = try fenced(lease)
        if let cancellation = build.cancellation { throw cancellation }
    }

    package func setPhase(_ lease: Lease, _ phase: BuildPhase) throws(BuildFailure) {
        var build = try fenced(lease)
        if phase == .deploying { build.state = .deploying }
        builds[lease.id] = build
    }

    /// A build whose lease this is, run out or not.
    func held(_ lease: Lease) throws(BuildFailure) -> MemoryBuild {
        guard let build = builds[lease.id], build.isRunning, build.epoch == lease.epoch else { throw Self.lost(lease) }
        return build
    }

    /// As `held`, and the lease has not run out.
    func fenced(_ lease: Lease) throws(BuildFailure) -> MemoryBuild {
        let build = try held(lease)
        guard build.leaseUntil >= SystemInformation.bootNanoseconds else { throw Self.lost(lease) }
        return build
    }

    private static func lost(_ lease: Lease) -> BuildFailure {
        let message = "The lease of build \(lease.id) at epoch \(lease.epoch) is lost."
        return BuildFailure(.platform, .leaseLost, operation: "queue.lease", message: message)
    }
}
