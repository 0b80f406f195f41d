internal import Dispatch
internal import Synchronization

/// A bounded number of threads for calls that block or compute for long, away from the cooperative pool.
///
/// Work that has started is not interrupted by cancellation: hand the work a `CancelFlag` to look at.
package final class BlockingPool: Sendable {
    /// Threads at most.
    package let width: Int
    /// One per thread. A concurrent queue would share as many threads as there are cores with all other such queues of the process,
    /// and a thread that only waits would count: on small nodes one pool would keep the others from starting for a second and more.
    private let lanes: [DispatchQueue]
    private let state: Mutex<State>

    private struct State {
        var free: [Int]
        var waiting: [@Sendable () -> Void] = []
        var firstWaiting = 0

        mutating func add(_ work: @escaping @Sendable () -> Void, _ isFirst: Bool) {
            guard isFirst else { return waiting.append(work) }
            if firstWaiting > 0 {
                firstWaiting -= 1
                waiting[firstWaiting] = work
            } else {
                waiting.insert(work, at: 0)
            }
        }
    }

    /// - Parameters:
    ///   - label: the name shown by debuggers.
    ///   - width: threads at most; at least 1.
    package init(label: String, width: Int) {
        self.width = max(1, width)
        lanes = (0..<self.width).map { DispatchQueue(label: "\(label).\($0)") }
        state = Mutex(State(free: Array(lanes.indices.reversed())))
    }

    /// Runs `body` on one of the pool's threads and returns what it returns.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            submit { continuation.resume(with: Result(catching: body)) }
        }
    }

    /// Starts `work` as soon as a thread is free; returns at once. For pipelines that join results themselves.
    ///
    /// - Parameter isFirst: whether it comes before all that waits.
    package func submit(isFirst: Bool = false, _ work: @escaping @Sendable () -> Void) {
        let lane = state.withLock { state in
            let lane = state.free.popLast()
            if lane == nil { state.add(work, isFirst) }
            return lane
        }
        if let lane { lanes[lane].async { self.drain(lane, startingWith: work) } }
    }

    private func drain(_ lane: Int, startingWith first: @Sendable () -> Void) {
        first()
        while let next = takeNext(on: lane) { next() }
    }

    private func takeNext(on lane: Int) -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard state.firstWaiting < state.waiting.count else {
                state.waiting.removeAll(keepingCapacity: true)
                state.firstWaiting = 0
                state.free.append(lane)
                return nil
            }
            let next = state.waiting[state.firstWaiting]
            state.waiting[state.firstWaiting] = {}
            state.firstWaiting += 1
            return next
        }
    }
}
