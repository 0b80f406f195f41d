internal import BuildModel
internal import Dispatch
internal import Synchronization

/// A layer's compressed bytes on their way from a thread that makes them to one that reads them, a few MiB and no more.
///
/// Whoever reads from another place than where the last read ended has the layer made again; what lies before is made and dropped.
/// The last bytes wait until the maker says that all of them are right.
final class LayerPipe: BlobContent {
    /// Thrown to the maker when the reader has gone elsewhere, or away.
    struct Abandoned: Error {}

    private struct State {
        /// Counts how often the layer is made; nothing is before the first read.
        var run = 0
        /// The first byte that the reader has not taken, and the first that the maker has not handed over.
        var position: Int64 = 0
        var end: Int64 = 0
        var pieces: [[UInt8]] = []
        /// Bytes of the first piece that were taken.
        var taken = 0
        var buffered = 0
        /// The latest piece, which is not to be read before another one comes, or the end.
        var held: [UInt8]?
        var failure: BuildFailure?
        var isClosed = false
        var waiting: (@Sendable () -> Void)?
    }

    private static let room = 8 << 20

    let size: Int64
    /// Gets a number for each time that the layer is to be made.
    let runs: AsyncStream<Int>
    private let orders: AsyncStream<Int>.Continuation
    private let state = Mutex(State())
    private let arrived = DispatchSemaphore(value: 0)
    private let taken = DispatchSemaphore(value: 0)

    init(size: Int64) {
        self.size = size
        (runs, orders) = AsyncStream.makeStream()
    }

    /// Why the layer cannot be made; nil while it can.
    var failure: BuildFailure? { state.withLock { $0.failure } }

    /// Nothing is read any more.
    func close() {
        state.withLock { $0.isClosed = true }
        orders.finish()
        taken.signal()
        arrived.signal()
    }
}

// MARK: - Reading

extension LayerPipe {
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(BuildFailure) -> Int {
        guard offset < size, buffer.count > 0 else { return 0 }
        begin(at: offset)
        while true {
            let count = state.withLock { state -> Result<Int, BuildFailure> in
                if let failure = state.failure { return .failure(failure) }
                if state.isClosed { return .failure(.cancelled(operation: "layer.stream")) }
                return .success(unsafe Self.take(from: &state, into: buffer))
            }
            let bytes = try count.get()
            guard bytes == 0 else {
                taken.signal()
                return bytes
            }
            arrived.wait()
        }
    }

    func isReadable(at offset: Int64, orElse tell: @escaping @Sendable () -> Void) -> Bool {
        begin(at: offset)
        return state.withLock { state in
            if !state.pieces.isEmpty || state.failure != nil || state.isClosed { return true }
            state.waiting = tell
            return false
        }
    }

    /// Has the layer made, unless the next byte that comes is the one at `offset`.
    private func begin(at offset: Int64) {
        let order = state.withLock { state -> Int? in
            guard state.run == 0 || offset != state.position, !state.isClosed, state.failure == nil else { return nil }
            let run = state.run + 1
            state = State(run: run, position: offset, waiting: state.waiting)
            return run
        }
        guard let order else { return }
        orders.yield(order)
        taken.signal()
    }

    private static func take(from state: inout State, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var rest = unsafe buffer
        while rest.count > 0, let piece = state.pieces.first {
            let count = min(rest.count, piece.count - state.taken)
            unsafe rest.copyBytes(from: piece[state.taken..<state.taken + count])
            unsafe rest = UnsafeMutableRawBufferPointer(rebasing: rest[count...])
            state.taken += count
            state.position += Int64(count)
            state.buffered -= count
            if state.taken == piece.count {
                state.pieces.removeFirst()
                state.taken = 0
            }
        }
        return buffer.count - rest.count
    }
}

// MARK: - Making

extension LayerPipe {
    /// Hands over the next bytes; blocks while there are enough.
    ///
    /// - Parameter run: which time it is that the layer is made.
    /// - Throws: `Abandoned` if they are not wanted.
    func append(_ bytes: UnsafeRawBufferPointer, run: Int) throws {
        while true {
            let (isTaken, waiting) = try state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
                guard state.run == run, !state.isClosed else { throw Abandoned() }
                guard state.buffered < Self.room || state.pieces.isEmpty else { return (false, nil) }
                unsafe keep(bytes, in: &state)
                return (true, Self.takeWaiting(&state))
            }
            if isTaken {
                arrived.signal()
                waiting?()
                return
            }
            taken.wait()
        }
    }

    /// All bytes have come, and they are the right ones.
    func finish(run: Int) {
        let waiting = state.withLock { state -> (@Sendable () -> Void)? in
            guard state.run == run else { return nil }
            if let held = state.held { state.pieces.append(held) }
            state.held = nil
            return Self.takeWaiting(&state)
        }
        arrived.signal()
        waiting?()
    }

    func fail(_ failure: BuildFailure, run: Int) {
        let waiting = state.withLock { state -> (@Sendable () -> Void)? in
            guard state.run == run else { return nil }
            state.failure = failure
            return Self.takeWaiting(&state)
        }
        arrived.signal()
        waiting?()
    }

    private func keep(_ bytes: UnsafeRawBufferPointer, in state: inout State) {
        let start = state.end
        state.end += Int64(bytes.count)
        // More than was remembered: then what is held is never read.
        guard state.end <= size else { return }
        let wanted = max(0, min(Int64(bytes.count), state.position - start))
        // What the reader had before is dropped, as long as nothing of this time is kept.
        let skipped = state.buffered == 0 && state.held == nil ? Int(wanted) : 0
        guard skipped < bytes.count else { return }
        if let held = state.held { state.pieces.append(held) }
        state.held = unsafe Array(bytes[skipped...])
        state.buffered += bytes.count - skipped
    }

    private static func takeWaiting(_ state: inout State) -> (@Sendable () -> Void)? {
        guard !state.pieces.isEmpty || state.failure != nil else { return nil }
        defer { state.waiting = nil }
        return state.waiting
    }
}
