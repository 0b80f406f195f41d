internal import BuildModel
internal import Platform
internal import Synchronization

/// Watches over a step from its start to its end: its messages, its time, its disk, its proxy.
final class StepWatch: Sendable {
    let launch: StepLaunch
    let settings: SandboxSettings
    private let log: any BuildLog
    private let whenReady: @Sendable () async -> Void
    private let state = Mutex(State())

    private struct State {
        var interruption: StepReport.Interruption?
        var session: HelperSession?
        var peak = DiskPeak()
        var proxy: EgressProxy?
        var isReady = false
    }

    /// Making a sandbox takes milliseconds, unless a disk does not answer.
    private static let readyLimit = Duration.seconds(120)

    /// Writing a stream may wait for its reader.
    private static let feeders = BlockingPool(label: "sandbox.feed", width: 8)

    /// - Parameter whenReady: called once the step's command starts.
    init(
        _ launch: StepLaunch,
        settings: SandboxSettings,
        log: any BuildLog,
        whenReady: @escaping @Sendable () async -> Void
    ) {
        self.whenReady = whenReady
        self.launch = launch
        self.settings = settings
        self.log = log
    }

    /// Starts the step and returns when nothing of it is left, also after a cancellation.
    func run() async throws -> StepReport {
        try Task.checkCancellation()
        return try await withTaskCancellationHandler {
            try await withoutCancellation { try await self.collect() }
        } onCancel: {
            interrupt(.cancelled)
        }
    }

    private func collect() async throws -> StepReport {
        let (process, input) = try HelperProcess.start(launch)
        Self.feeders.submit { [launch] in HelperProcess.feed(launch.stream.exposed, to: input) }
        let output = StepBounds.output(launch.step.step.limits, settings: settings)
        let lines = StepLines(
            log,
            name: launch.step.step.name,
            secrets: Array(launch.step.secrets.values),
            lineLimit: settings.lineBytes,
            limit: output.bytes,
            limitName: output.name
        )
        let session = HelperSession(process, lines: lines)
        start(session)
        var report = await listen(to: session)
        report.interruption = state.withLock { $0.interruption }
        if launch.disk != nil {
            report.noteDisk(bounds: launch.bounds, isMentioned: lines.mentionsFullDisk)
        } else {
            report.noteFiles(bounds: launch.bounds, isMentioned: lines.mentionsLongFile)
        }
        return report
    }

    private func start(_ session: HelperSession) {
        let isLate = state.withLock { state in
            state.session = session
            return state.interruption != nil
        }
        if isLate { session.kill() }
    }

    func interrupt(_ reason: StepReport.Interruption) {
        let session = state.withLock { state in
            state.interruption = state.interruption ?? reason
            return state.session
        }
        session?.kill()
    }

    private func listen(to session: HelperSession) async -> StepReport {
        var report = StepReport()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.watchStart() }
            for await message in session.messages {
                guard case .ready(let directory, let listener) = message else {
                    report.take(message)
                    continue
                }
                let changes = StepChanges(directory)
                report.changes = changes
                state.withLock { $0.isReady = true }
                group.addTask { await self.watch(changes) }
                group.addTask { await self.watchCaches() }
                group.addTask { await self.whenReady() }
                guard let policy = self.launch.policy, listener >= 0 else { continue }
                let started = self.proxy(listener, policy)
                state.withLock { $0.proxy = started }
                group.addTask { await started.run() }
            }
            group.cancelAll()
        }
        report.peak.add(state.withLock { $0.peak })
        if let proxy = state.withLock({ $0.proxy }) { (report.egress, report.refusedDestinations) = proxy.summary() }
        return report
    }

    private func proxy(_ listener: Int32, _ policy: EgressPolicy) -> EgressProxy {
        let step = launch.step
        return EgressProxy(
            listener,
            policy: policy,
            log: log,
            name: step.step.name,
            secrets: Array(step.secrets.values)
        )
    }

    /// Ends what does not get as far as a step.
    private func watchStart() async {
        try? await Task.sleep(for: Self.readyLimit)
        if !Task.isCancelled, !state.withLock({ $0.isReady }) { interrupt(.notReady(after: Self.readyLimit)) }
    }

    /// Looks at the disk, more often the fuller it is, and ends the step when its time is over.
    private func watch(_ changes: StepChanges) async {
        let deadline = Deadline(after: launch.bounds.time)
        while !Task.isCancelled {
            var pause = Duration.milliseconds(100)
            if launch.disk != nil, let usage = changes.usage() {
                state.withLock { $0.peak.add(usage) }
                pause = usage.pause
            }
            if deadline.hasPassed { return interrupt(.timeLimit) }
            if let left = roomBelowFloor() { return interrupt(.nodeFull(left)) }
            try? await Task.sleep(for: min(pause, deadline.remaining))
        }
    }
}
