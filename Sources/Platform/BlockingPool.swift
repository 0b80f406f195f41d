internal import Dispatch
internal import Synchronization

/// A bounded number of threads for calls that block or compute for long, away from the cooperative pool.
///
/// Work that has started is not interrupted by cancellation: hand the work a `CancelFlag` to look at.
package final class BlockingPool: Sendable {
    /// Threads at most.
    package let width: Int
    private let queue: DispatchQueue
    private let state: Mutex<State>

    private struct State {
        var running = 0
        var waiting: [@Sendable () -> Void] = []
        var firstWaiting = 0
    }

    /// - Parameters:
    ///   - label: the name shown by debuggers.
    ///   - width: threads at most; at least 1.
    package init(label: String, width: Int) {
        self.width = max(1, width)
        queue = DispatchQueue(label: label, attributes: .concurrent)
        state = Mutex(State())
    }

    /// Runs `body` on one of the pool's threads and returns what it returns.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            submit { continuation.resume(with: Result(catching: body)) }
        }
    }

    /// Starts `work` as soon as a thread is free; returns at once. For pipelines that join results themselves.
    package func submit(_ work: @escaping @Sendable () -> Void) {
        let starts = state.withLock { state in
            guard state.running < width else {
                state.waiting.append(work)
                return false
            }
            state.running += 1
            return true
        }
        if starts { queue.async { self.drain(startingWith: work) } }
    }

    private func drain(startingWith first: @Sendable () -> Void) {
        first()
        while let next = takeNext() { next() }
    }

    private func takeNext() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard state.firstWaiting < state.waiting.count else {
                state.waiting.removeAll(keepingCapacity: true)
                state.firstWaiting = 0
                state.running -= 1
                return nil
            }
            let next = state.waiting[state.firstWaiting]
            state.waiting[state.firstWaiting] = {}
            state.firstWaiting += 1
            return next
        }
    }
}
