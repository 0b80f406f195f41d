internal import Synchronization

/// How urgently the worker has been asked to stop. Rises, never falls.
package final class DrainSignal: Sendable {
    /// What is asked for.
    package enum Level: Int, Sendable, Comparable {
        /// Go on.
        case none
        /// Take nothing new, finish what runs.
        case drain
        /// Give up what runs.
        case abandon

        package static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    private struct State {
        var level = Level.none
        var waiters: [(id: Int, level: Level, continuation: CheckedContinuation<Void, Never>)] = []
        var cancelled: Set<Int> = []
        var nextID = 0
    }

    private let state = Mutex(State())

    package init() {}

    package var level: Level { state.withLock { $0.level } }

    /// Raises the level; a lower one than there is changes nothing.
    package func raise(to level: Level) {
        let ready = state.withLock { state in
            state.level = max(state.level, level)
            let ready = state.waiters.filter { $0.level <= state.level }
            state.waiters.removeAll { $0.level <= state.level }
            return ready
        }
        ready.forEach { $0.continuation.resume() }
    }

    /// Returns when the level is reached, or when the task is cancelled.
    package func wait(for level: Level) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if state.level >= level || state.cancelled.remove(id) != nil { return true }
                    state.waiters.append((id, level, continuation))
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                let waiter = state.waiters.first { $0.id == id }
                if waiter == nil { state.cancelled.insert(id) }
                state.waiters.removeAll { $0.id == id }
                return waiter
            }
            waiter?.continuation.resume()
        }
    }
}
