package import BuildModel
internal import Platform
internal import Synchronization

/// Runs steps of builds, each in namespaces, with limits and a network of its own, and leaves nothing behind.
package struct SandboxRunner: Sendable {
    let settings: SandboxSettings
    let disks: StepDisks
    /// How long a step runs before the disk of the next one is made: one that ends sooner has the processors for itself.
    var pauseBeforeNextDisk = Duration.milliseconds(250)
    private let use = Use()
    /// What a crash left takes a moment to end.
    private static let sweepers = BlockingPool(label: "sandbox.sweep", width: 2)

    private final class Use: Sendable {
        let hasBegun = Atomic(false)
    }

    package init(settings: SandboxSettings) {
        self.settings = settings
        disks = StepDisks(directory: settings.cacheDirectory)
    }

    /// Whether files are mounted for each step with ids of its own; elsewhere all steps of this node have the same ids.
    package var mapsIDs: Bool { settings.mapsIDs }

    /// Finds out whether this node can run steps at all, before anything is made ready for one.
    ///
    /// - Throws: `BuildFailure` with code `sandbox_unavailable` that says what is missing.
    package func checkOnce() throws(BuildFailure) {
        // Once a step has run here, the next one finds out for itself.
        if !use.hasBegun.load(ordering: .relaxed) { _ = try SandboxNode(settings) }
    }

    /// What runs steps here, such as `crun` or `runc`: the file's name. `none` where there is no runtime.
    package var runtimeName: String {
        guard let path = try? SandboxNode.findRuntime(settings) else { return "none" }
        return SandboxNode.name(ofRuntime: path)
    }

    /// The owner on this node's disk of what belongs to root in a step.
    package var fileOwner: UInt32 { settings.fileOwner }

    /// What a step gets: what it asks for within what the operator allows.
    package func bounds(of step: BuildStep) -> StepBounds { StepBounds(step.limits, settings: settings) }

    /// Runs a step to its end. Its output goes to the log as it comes. Cancelling the task ends the step.
    ///
    /// - Returns: what the step changed and what it took, if it ended with 0.
    /// - Throws: `BuildFailure`: of the code, where the command failed or reached a limit, whose message names it; of the
    ///   platform, where the sandbox could not be made.
    package func run(_ step: SandboxedStep, log: any BuildLog) async throws -> StepOutcome {
        let node = try SandboxNode(settings)
        use.hasBegun.store(true, ordering: .relaxed)
        let bounds = StepBounds(step.step.limits, settings: settings)
        let lease = try await node.ranges.take(limit: settings.ceilings.time) { count in
            log.say("\(step.step.name): waits for ids: other steps have all \(count) ranges of this node.")
        }
        if let groups = node.groups, groups.exists(lease.groupName) {
            try await Self.sweepers.run { groups.clear(lease.groupName) }
        }
        for warning in Self.warnings(of: step, on: node) { log.say("\(step.step.name): \(warning)") }
        let disk = node.isRoot ? try await disks.take(bytes: bounds.diskBytes) : nil
        let launch = try StepLaunch(step, settings: settings, node: node, lease: lease, bounds: bounds, disk: disk)
        let start = ContinuousClock.now
        let report = try await watch(launch, log)
        if let failure = report.failure(of: step, bounds: bounds) { throw launch.explained(failure) }
        guard let changes = report.changes else { throw BuildFailure.sandbox("A step ended without its changes.") }
        return StepOutcome(
            changes: changes,
            idBase: lease.base,
            peakMemoryBytes: report.counters.peakMemoryBytes,
            processorTime: .nanoseconds(report.counters.processorNanoseconds),
            duration: ContinuousClock.now - start,
            diskBytes: report.peakDiskBytes,
            egress: report.egress
        )
    }

    /// Runs a step, and has a disk made for the next one: while this one runs, or once it has ended, when nobody waits for that.
    private func watch(_ launch: StepLaunch, _ log: any BuildLog) async throws -> StepReport {
        let bytes = launch.disk == nil ? nil : launch.bounds.diskBytes
        let report = try await StepWatch(launch, settings: settings, log: log) { [disks, pauseBeforeNextDisk] in
            try? await Task.sleep(for: pauseBeforeNextDisk)
            if let bytes, !Task.isCancelled { await disks.prepare(bytes: bytes) }
        }.run()
        if let bytes, !Task.isCancelled { await disks.prepare(bytes: bytes) }
        return report
    }

    /// Makes the disk of a step that will be run, while other things are made ready for it.
    package func prepare(for step: BuildStep) async {
        if SystemInformation.isRoot { await disks.prepare(bytes: bounds(of: step).diskBytes) }
    }

    /// What the log should say before a step starts.
    private static func warnings(of step: SandboxedStep, on node: SandboxNode) -> [String] {
        let limits = node.missingGroups.map { "its memory, processes and processors are not limited. \($0)" }
        return [limits, SecretMask.warning(of: step.secrets)].compactMap { $0 }
    }

    /// Removes empty disks that no step has asked for in a month, and those that were never finished. Harmless beside steps.
    package func tidy() async throws { try await disks.tidy() }

    /// Ends and removes what workers that were killed left on this node. Called once when a worker starts; harmless beside
    /// others that run steps.
    ///
    /// - Returns: how many steps had left something.
    @discardableResult
    package func sweep() -> Int {
        guard let groups = try? ControlGroups.find(name: settings.groupName) else { return 0 }
        let left = leftovers()
        for (name, lease) in left { withExtendedLifetime(lease) { groups.clear(name) } }
        return left.count
    }

    /// Removes the group that those of steps were made in, unless there is a step: called when this process runs no more of them.
    package func leave() {
        guard use.hasBegun.load(ordering: .relaxed) else { return }
        (try? ControlGroups.find(name: settings.groupName))?.removeParents()
    }

    /// The groups that nobody who lives has the ids of, with the right to them.
    func leftovers() -> [(name: String, lease: IdentityLease)] {
        guard let groups = try? ControlGroups.find(name: settings.groupName),
            let ranges = try? SandboxNode.ranges(settings)
        else { return [] }
        return groups.present.sorted().compactMap { name in
            guard let number = Int(name.dropFirst()), let lease = try? ranges.lease(number) else { return nil }
            return (name, lease)
        }
    }
}
