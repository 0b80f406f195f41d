package import BuildQueue
package import Settings
internal import Synchronization

/// What a worker works by: its configuration and what was made of it.
package struct WorkerSetup: Sendable {
    package var settings: WorkerSettings
    package var queue: WorkerQueue
    package var pipeline: BuildPipeline

    package init(settings: WorkerSettings, queue: WorkerQueue, pipeline: BuildPipeline) {
        (self.settings, self.queue, self.pipeline) = (settings, queue, pipeline)
    }
}

/// The setup that is in force. Replaced whole when the configuration was read anew; builds that run keep theirs.
package final class CurrentSetup: Sendable {
    private let setup: Mutex<WorkerSetup>

    package init(_ setup: WorkerSetup) {
        self.setup = Mutex(setup)
    }

    package var value: WorkerSetup { setup.withLock { $0 } }

    package func replace(by setup: WorkerSetup) { self.setup.withLock { $0 = setup } }
}
