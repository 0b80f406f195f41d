internal import BuildModel
internal import Dispatch
internal import Synchronization

/// A piece of memory that goes round between two threads; one of them has it at a time, hence `@unchecked Sendable`.
@safe
final class Chunk: @unchecked Sendable {
    let space: UnsafeMutableRawBufferPointer
    /// Bytes in the front of `space` that mean something.
    var count = 0

    init(size: Int) {
        unsafe space = .allocate(byteCount: size, alignment: 64)
    }

    deinit { unsafe space.deallocate() }

    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: space[..<count]) }
}

/// Hands bytes from a thread that inflates to a thread that unpacks, a few chunks ahead and no more.
final class ChunkQueue: Sendable {
    private enum Item {
        case chunk(Chunk)
        case end(BuildFailure?)
    }

    private struct State {
        var free: [Chunk] = []
        var filled: [Item] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    private let freed = DispatchSemaphore(value: 0)
    private let arrived = DispatchSemaphore(value: 0)

    init(chunks: Int = 8, size: Int = 256 << 10) {
        for _ in 0..<chunks { giveBack(Chunk(size: size)) }
    }

    /// For the writer: an empty chunk, as soon as there is one; nil when nobody reads any more.
    func takeFree() -> Chunk? {
        freed.wait()
        return state.withLock { $0.isStopped ? nil : $0.free.popLast() }
    }

    /// For the writer: hands over a filled chunk.
    func put(_ chunk: Chunk) { arrive(.chunk(chunk)) }

    /// For the writer, once: nothing comes after this.
    func end(_ failure: BuildFailure? = nil) { arrive(.end(failure)) }

    /// For the reader: the next chunk, as soon as it is there; nil at the end. To be given back.
    ///
    /// - Throws: what the writer ended with.
    func next() throws(BuildFailure) -> Chunk? {
        arrived.wait()
        switch state.withLock({ $0.filled.removeFirst() }) {
        case .chunk(let chunk): return chunk
        case .end(let failure):
            // Whoever asks again gets the same answer.
            arrive(.end(failure))
            if let failure { throw failure }
            return nil
        }
    }

    func giveBack(_ chunk: Chunk) {
        chunk.count = 0
        state.withLock { $0.free.append(chunk) }
        freed.signal()
    }

    /// For the reader: lets a writer that waits go.
    func stop() {
        state.withLock { $0.isStopped = true }
        freed.signal()
    }

    private func arrive(_ item: Item) {
        state.withLock { $0.filled.append(item) }
        arrived.signal()
    }
}
