internal import BuildModel
internal import Dispatch
internal import Synchronization

/// The compression of one member: done once, by whichever thread comes first.
///
/// The writer that needs the result does the work itself when no thread of the pool has begun it. So a layer is
/// finished even if the writer holds the pool's only thread, and a writer that has to wait computes instead.
final class MemberJob: Sendable {
    private enum State {
        case waiting([UInt8])
        case running
        case finished(Result<[UInt8], BuildFailure>)
        case abandoned
    }

    private let state: Mutex<State>
    private let stock: DeflaterStock
    private let finished = DispatchSemaphore(value: 0)

    init(_ bytes: [UInt8], stock: DeflaterStock) {
        state = Mutex(.waiting(bytes))
        self.stock = stock
    }

    /// Compresses the member, unless that has begun elsewhere or nobody wants it any more.
    func run() {
        guard let bytes = begin() else { return }
        let result = Result { () throws(BuildFailure) in
            try stock.withDeflater { deflater throws(BuildFailure) in
                try GzipMember.compress(bytes, with: deflater)
            }
        }
        state.withLock { $0 = .finished(result) }
        finished.signal()
    }

    /// The compressed member; blocks until there is one. To be asked for once.
    func join() throws(BuildFailure) -> [UInt8] {
        run()
        finished.wait()
        let result = state.withLock { state in
            defer { state = .abandoned }
            if case .finished(let result) = state { return result }
            return .failure(.cancelled(operation: "layer.compress"))
        }
        return try result.get()
    }

    /// Drops the member's bytes if its compression has not begun.
    func abandon() {
        state.withLock { if case .waiting = $0 { $0 = .abandoned } }
    }

    private func begin() -> [UInt8]? {
        state.withLock { state in
            guard case .waiting(let bytes) = state else { return nil }
            state = .running
            return bytes
        }
    }
}
