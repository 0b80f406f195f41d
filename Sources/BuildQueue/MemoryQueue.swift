package import BuildModel
internal import Platform

/// The queue in the memory of one process, for `slipway build`: the same rules as the functions in Redis. Nothing of it
/// outlives the process.
package actor MemoryQueue: LeasedQueue {
    /// What a worker offers that does not say.
    private let settings: QueueSettings
    private(set) var builds: [String: MemoryBuild] = [:]
    var turns = MemoryTurns()
    private var lastEpoch: Int64 = 0
    private var lastOrder: Int64 = 0
    /// The newest build of each `supersedes` key.
    private var latest: [String: String] = [:]

    /// - Parameter settings: the lease, limits, weights and labels; nothing else of it matters here.
    package init(settings: QueueSettings = QueueSettings(worker: "local")) {
        self.settings = settings
    }

    /// Writes a build; one that became ready by it takes part in the turns from now on.
    func store(_ build: MemoryBuild) {
        let before = builds.updateValue(build, forKey: build.id)
        if build.isReady, before?.isReady != true { turns.join(build.tenant) }
    }

    /// Queues a build; a repeat with the same id changes nothing.
    package func enqueue(_ request: BuildRequest, text: String = "") -> EnqueueReceipt {
        let id = request.deploymentID
        if let known = builds[id] { return EnqueueReceipt(id: id, isNew: false, state: known.state) }
        let time = SystemInformation.currentMilliseconds
        lastOrder = max(lastOrder + 1, time * 1000)
        var build = MemoryBuild(request: request, text: text, order: lastOrder, createdAt: time)
        if request.delayMilliseconds > 0 { build.notBefore = time + Int64(request.delayMilliseconds) }
        store(build)
        supersede(by: request)
        return EnqueueReceipt(id: id, isNew: true, state: .pending)
    }

    private static func line(of request: BuildRequest) -> String? {
        request.supersedes.map { "\(request.organizationID ?? "") \($0)" }
    }

    /// A build that starts over is the newest of its key again, unless there is another.
    func takeLine(of request: BuildRequest) {
        guard let key = Self.line(of: request) else { return }
        let newest = latest[key].flatMap { builds[$0] }
        if newest?.state.isTerminal != false { latest[key] = request.deploymentID }
    }

    private func supersede(by request: BuildRequest) {
        guard let key = Self.line(of: request) else { return }
        defer { latest[key] = request.deploymentID }
        guard let older = latest[key], var build = builds[older], !build.state.isTerminal else { return }
        let words = "Superseded by the newer build \(request.deploymentID)."
        build.stop(.stopped(code: BuildFailure.Code.superseded.rawValue, message: words))
        store(build)
    }

    /// What became of a build so far; nil for an unknown one.
    package func build(_ id: String) -> MemoryBuild? { builds[id] }

    /// Cancels a build: one that waits ends at once, one that runs is told.
    ///
    /// - Throws: `BuildFailure` with code `not_found`.
    package func cancel(_ id: String) throws(BuildFailure) -> BuildState {
        guard var build = builds[id] else { throw BuildQueueClient.unknown(id) }
        build.stop(.stopped(code: BuildFailure.Code.cancelled.rawValue, message: ""))
        store(build)
        return build.state
    }

    package func claim() -> Lease? { claim(for: settings) }

    /// Takes the build whose turn it is for a worker with other labels and limits than the queue's own.
    package func claim(for worker: QueueSettings) -> Lease? {
        promote()
        guard var build = turns.pick(from: Array(builds.values), for: worker) else { return nil }
        lastEpoch = max(lastEpoch + 1, SystemInformation.currentMilliseconds)
        build.begin(lastEpoch, until: leaseEnd)
        store(build)
        return build.lease
    }

    /// Makes those builds ready whose time has come; how many.
    @discardableResult
    func promote() -> Int64 {
        let time = SystemInformation.currentMilliseconds
        let due = builds.values.filter { $0.state == .pending && $0.notBefore.map { $0 <= time } == true }
        for var build in due {
            build.notBefore = nil
            store(build)
        }
        return Int64(due.count)
    }

    private var leaseEnd: Int64 { SystemInformation.bootNanoseconds + settings.lease.milliseconds * 1_000_000 }

    package func renew(_ lease: Lease) throws(BuildFailure) -> Lease {
        var build = try held(lease)
        build.leaseUntil = leaseEnd
        store(build)
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
        store(build)
    }

    /// A build whose lease this is, run out or not.
    func held(_ lease: Lease) throws(BuildFailure) -> MemoryBuild {
        guard let build = builds[lease.id], build.isRunning, build.epoch == lease.epoch else { throw Self.lost(lease) }
        return build
    }

    /// As `held`, and the lease has not run out.
    func fenced(_ lease: Lease) throws(BuildFailure) -> MemoryBuild {
        let build = try held(lease)
        guard build.leaseUntil >= SystemInformation.bootNanoseconds else {
            let message = "The lease of build \(lease.id) at epoch \(lease.epoch) has run out."
            throw BuildFailure(.platform, .leaseOver, operation: "queue.lease", message: message, isRetryable: true)
        }
        return build
    }

    private static func lost(_ lease: Lease) -> BuildFailure {
        let message = "The lease of build \(lease.id) at epoch \(lease.epoch) is lost."
        return BuildFailure(.platform, .leaseLost, operation: "queue.lease", message: message)
    }
}
