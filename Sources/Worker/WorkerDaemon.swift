package import BuildModel
internal import BuildQueue
package import Logging
package import Platform
internal import Settings
internal import Telemetry

/// The daemon: claims builds while slots are free, runs them side by side, and stops in order when asked.
package struct WorkerDaemon: Sendable {
    private let current: CurrentSetup
    private let running = RunningBuilds()
    private let drain: DrainSignal
    private let notifier: ServiceNotifier
    private let logger: Logger
    private let nodeChecks: [any HealthCheck]

    /// - Parameter nodeChecks: what has to be right on this node, beside what the queue asks of Redis.
    package init(
        setup: CurrentSetup,
        drain: DrainSignal,
        notifier: ServiceNotifier,
        logger: Logger,
        nodeChecks: [any HealthCheck] = []
    ) {
        self.nodeChecks = nodeChecks
        current = setup
        self.drain = drain
        self.notifier = notifier
        self.logger = logger
    }

    private var settings: WorkerSettings { current.value.settings }

    /// Runs attempts by the setup that is in force now.
    private var runner: AttemptRunner {
        let setup = current.value
        return AttemptRunner(
            pipeline: setup.pipeline,
            queue: setup.queue,
            settings: setup.settings,
            drain: drain,
            running: running,
            logger: logger
        )
    }

    /// Runs until the drain signal rises and what ran has ended.
    ///
    /// - Throws: `BuildFailure` if Redis cannot be prepared or does not keep what the worker promises; afterwards Redis being
    ///   away only makes it wait.
    package func run() async throws {
        var findings = try await current.value.queue.prepare().findings
        for check in nodeChecks { findings.append(await check.finding()) }
        try StartGate(accepted: settings.worker.acceptedRisks, logger: logger).admit(findings)
        notifier.ready(status: "waiting for builds, \(settings.worker.slots) slots")
        logger.info("worker ready", metadata: ["slots": "\(settings.worker.slots)", "farm": "\(settings.farm)"])
        await withDiscardingTaskGroup { group in
            group.addTask { await Caretaker(current: current, running: running, logger: logger).run() }
            await takeBuilds()
            group.cancelAll()
        }
        logger.info("worker stopped")
    }

    /// Fills free slots until the worker is asked to stop, then waits for what runs.
    private func takeBuilds() async {
        await withTaskGroup(of: Slot.self) { group in
            var (running, isWatched) = (0, false)
            var room = NodeRoom.Watch(current: current, notifier: notifier, logger: logger)
            while drain.level == .none {
                if running >= settings.worker.slots {
                    // Beside the builds a watch ends every second, for signals and new settings are to be heard while all slots are taken.
                    if !isWatched { group.addTask { await watch() } }
                    isWatched = true
                    switch await group.next() {
                    case .watch: isWatched = false
                    case .build: running -= 1
                    case nil: break
                    }
                } else if let shortage = room.look() {
                    await stayClosed(shortage)
                } else if let lease = await claim() {
                    guard drain.level == .none else {
                        await giveBack(lease)
                        break
                    }
                    running += 1
                    let runner = runner
                    group.addTask {
                        await runner.run(lease)
                        SystemInformation.returnFreeMemory()
                        return .build
                    }
                } else {
                    await waitForWork()
                }
            }
            await returnLostClaims()
            let count = self.running.count
            notifier.stopping(status: "finishing \(count) builds")
            logger.info("stopping, taking nothing new", metadata: ["builds": "\(count)"])
            await group.waitForAll()
        }
    }

    /// A claim whose reply was lost may have taken a build, which is given back with those that run no more.
    private func returnLostClaims() async {
        let queue = current.value.queue
        while queue.hasLostClaims {
            do {
                if let lease = try await queue.claimLost() { await giveBack(lease) }
            } catch {
                let failure = BuildFailure(error, operation: "queue.claim")
                logger.warning("cannot ask for a lost claim", metadata: ["error": "\(failure)"])
                return
            }
        }
    }

    /// What has ended beside the loop that takes builds.
    private enum Slot {
        case build
        case watch
    }

    private func watch() async -> Slot {
        await untilStopped(or: .seconds(1))
        return .watch
    }

    /// Gives back a build that a claim brought after the worker was asked to stop.
    private func giveBack(_ lease: Lease) async {
        do {
            try await current.value.queue.giveBack(lease)
        } catch {
            let failure = BuildFailure(error, operation: "queue.give_back")
            logger.warning("cannot give back", metadata: [LogKey.build: "\(lease.id)", "error": "\(failure)"])
        }
    }

    private func claim() async -> Lease? {
        do {
            return try await current.value.queue.claim()
        } catch {
            guard drain.level == .none else { return nil }
            logger.warning("cannot claim", metadata: ["error": "\(BuildFailure(error, operation: "queue.claim"))"])
            await pause(.seconds(1))
            return nil
        }
    }

    /// Waits until there may be work, the worker is asked to stop, or a few seconds have passed.
    private func waitForWork() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    _ = try await current.value.queue.waitForWork(.seconds(5))
                } catch {
                    guard !Task.isCancelled else { return }
                    await pause(.seconds(1))
                }
            }
            group.addTask { await drain.wait(for: .drain) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Takes nothing for a few seconds, and tells the farm why.
    private func stayClosed(_ shortage: String) async {
        await returnLostClaims()
        do {
            try await current.value.queue.announce(closed: shortage)
        } catch {
            let failure = BuildFailure(error, operation: "queue.announce")
            logger.warning("cannot tell the farm that no builds are taken", metadata: ["error": "\(failure)"])
        }
        await untilStopped(or: .seconds(3))
    }

    /// Waits for a time, or until the worker is asked to stop.
    private func untilStopped(or time: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await pause(time) }
            group.addTask { await drain.wait(for: .drain) }
            await group.next()
            group.cancelAll()
        }
    }

    private func pause(_ duration: Duration) async {
        try? await Task.sleep(for: duration)
    }
}
