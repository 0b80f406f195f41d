package import BuildModel
internal import Synchronization

/// What an attempt has come to so far, shared between the pipeline and whoever reports how it ended.
package final class BuildProgress: Sendable {
    private let state = Mutex(BuildResult())

    package init() {}

    package var result: BuildResult { state.withLock { $0 } }

    func update(_ change: (inout BuildResult) -> Void) {
        state.withLock { change(&$0) }
    }
}
