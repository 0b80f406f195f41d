internal import Synchronization

/// A flag that one side sets and C callbacks poll: how a task's cancellation reaches into a library that blocks.
package final class CancelFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    package init() {}

    package var isSet: Bool { flag.load(ordering: .acquiring) }

    /// Sets the flag for good.
    package func set() { flag.store(true, ordering: .releasing) }

    /// Runs `body`, and sets the flag when the surrounding task is cancelled.
    nonisolated(nonsending) package func whileRunning<Value>(
        _ body: nonisolated(nonsending) () async throws -> Value
    ) async rethrows -> Value {
        try await withTaskCancellationHandler(operation: body, onCancel: set)
    }
}
