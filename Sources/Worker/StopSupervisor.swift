internal import BuildModel
package import Logging
package import Platform
internal import Settings

/// Turns signals into the drain: the first stops claiming, the second gives up what runs, the third ends the process.
package struct StopSupervisor: Sendable {
    private let drain: DrainSignal
    private let current: CurrentSetup
    private let notifier: ServiceNotifier
    private let logger: Logger

    /// - Parameter current: its `build.drainSeconds`, as they are when the first signal comes, are how long running builds may go on.
    package init(drain: DrainSignal, current: CurrentSetup, notifier: ServiceNotifier, logger: Logger) {
        self.drain = drain
        self.current = current
        self.notifier = notifier
        self.logger = logger
    }

    /// Listens until cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await listen() }
            group.addTask { await keepTime() }
        }
    }

    private func listen() async {
        for await count in TerminationSignals.requests() {
            switch count {
            case 1:
                drain.raise(to: .drain)
                logger.notice("asked to stop: finishing what runs; a second signal gives it back to the queue")
            case 2:
                drain.raise(to: .abandon)
                logger.notice("asked to stop again: giving back what runs")
            default:
                logger.warning("asked to stop a third time: leaving at once")
                SystemInformation.exit(130)
            }
        }
    }

    /// Tells the service manager that stopping takes time, and ends the drain when its time is over.
    private func keepTime() async {
        await drain.wait(for: .drain)
        let end = Deadline(after: current.value.settings.build.drain)
        while !Task.isCancelled, drain.level < .abandon {
            notifier.extendTimeout(by: .seconds(30))
            do {
                try await Task.sleep(for: min(.seconds(10), max(.milliseconds(10), end.remaining)))
            } catch {
                return
            }
            if end.hasPassed {
                logger.notice("the time to finish is over: giving back what runs")
                drain.raise(to: .abandon)
            }
        }
    }
}
