internal import BuildModel
internal import Dispatch
internal import Synchronization

/// The making of one member: done once, by whichever thread comes first.
///
/// The writer that needs the result does the work itself when no thread of the pool has begun it. So a layer is
/// finished even if the writer holds the pool's only thread, and a writer that has to wait computes instead.
final class MemberJob: Sendable {
    private enum State {
        case waiting(MemberMaker.Work)
        case running
        case finished(Result<MemberMaker.Member, any Error>)
        case abandoned
    }

    private let state: Mutex<State>
    private let maker: MemberMaker
    private let finished = DispatchSemaphore(value: 0)

    init(_ work: MemberMaker.Work, maker: MemberMaker) {
        state = Mutex(.waiting(work))
        self.maker = maker
    }

    /// Makes the member, unless that has begun elsewhere or nobody wants it any more.
    func run() {
        guard let work = begin() else { return }
        let result = Result { try maker.make(work) }
        state.withLock { $0 = .finished(result) }
        finished.signal()
    }

    /// The member; blocks until it is made. To be asked for once.
    func join() throws -> MemberMaker.Member {
        run()
        finished.wait()
        let result = state.withLock { state in
            defer { state = .abandoned }
            if case .finished(let result) = state { return result }
            return .failure(BuildFailure.cancelled(operation: "layer.compress"))
        }
        return try result.get()
    }

    /// Drops the work if it has not begun.
    func abandon() {
        state.withLock { if case .waiting = $0 { $0 = .abandoned } }
    }

    private func begin() -> MemberMaker.Work? {
        state.withLock { state in
            guard case .waiting(let work) = state else { return nil }
            state = .running
            return work
        }
    }
}
