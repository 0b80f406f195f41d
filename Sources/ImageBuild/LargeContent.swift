internal import Synchronization

/// A large content while its members are made on many threads: each takes its part, in whatever order they come.
///
/// What fits in memory and is faster so is read whole by whoever comes first. Of all else, parts are read one after another, each when it
/// is asked for: nothing is held but what others have passed over.
final class LargeContent: Sendable {
    /// Bytes of what may be held whole.
    private static let most: Int64 = 8 << 20

    private enum Source {
        case unread
        case whole([UInt8])
        case parts(EntryParts)
        case failed(any Error)
    }

    /// `@unchecked Sendable` is sound: used within the lock alone.
    private struct State: @unchecked Sendable {
        var source = Source.unread
        /// The first part that was not read, where they are read one after another.
        var next = 0
        /// Parts that were read when a later one was asked for.
        var passed: [Int: [UInt8]] = [:]
        /// Parts that will still be asked for.
        var left: Set<Int>
    }

    private let content: any EntryContent
    private let ranges: [Range<Int64>]
    private let state: Mutex<State>
    /// Apart from the state, which is locked while a content is read.
    private let isOver = Atomic(false)

    /// - Parameters:
    ///   - ranges: the parts; one begins where the one before ends.
    ///   - wanted: the parts that will be asked for, each once.
    init(_ content: any EntryContent, _ ranges: [Range<Int64>], wanted: Set<Int>) {
        self.content = content
        self.ranges = ranges
        state = Mutex(State(left: wanted))
    }

    /// Bytes that are held until the last part was taken; 0 from then on, and if parts are read one after another.
    var heldBytes: Int { isHeldWhole && !isOver.load(ordering: .relaxed) ? Int(content.size) : 0 }

    private var isHeldWhole: Bool { content.isFasterWhole && content.size <= Self.most }

    /// Reads what is held whole, before anybody asks for it. An error is that of all its parts.
    func prepare() {
        guard isHeldWhole else { return }
        state.withLock { state in
            guard !state.left.isEmpty else { return }
            open(&state)
        }
    }

    /// Fills `target`, which has as many bytes as the part.
    func read(_ part: Int, into target: UnsafeMutableRawBufferPointer) throws {
        try state.withLock { state in
            guard state.left.remove(part) != nil else { preconditionFailure("a part is asked for once") }
            try unsafe fill(target, with: part, &state)
            guard state.left.isEmpty else { return }
            state.source = .unread
            isOver.store(true, ordering: .relaxed)
        }
    }

    private func fill(_ target: UnsafeMutableRawBufferPointer, with part: Int, _ state: inout State) throws {
        switch open(&state) {
        case .whole(let bytes):
            unsafe target.copyBytes(from: bytes[Int(ranges[part].lowerBound)..<Int(ranges[part].upperBound)])
        case .parts(let parts):
            if let passed = state.passed.removeValue(forKey: part) { return unsafe target.copyBytes(from: passed) }
            do {
                while state.next < part { try pass(parts, &state) }
                try unsafe parts.read(into: target)
                state.next += 1
            } catch {
                state.source = .failed(error)
                throw error
            }
        case .failed(let error): throw error
        case .unread: preconditionFailure("an open content has a source")
        }
    }

    @discardableResult
    private func open(_ state: inout State) -> Source {
        guard case .unread = state.source else { return state.source }
        do {
            state.source = isHeldWhole ? .whole(try whole()) : .parts(try content.parts())
        } catch {
            state.source = .failed(error)
        }
        return state.source
    }

    private func whole() throws -> [UInt8] {
        var failure: (any Error)?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(content.size)) { buffer, count in
            let target = unsafe UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: Int(content.size))
            do { try unsafe content.read(into: target) } catch { failure = error }
            count = failure == nil ? target.count : 0
        }
        if let failure { throw failure }
        return bytes
    }

    /// Reads the next part, which somebody else takes later, or nobody.
    private func pass(_ parts: EntryParts, _ state: inout State) throws {
        let part = state.next
        if state.left.contains(part) {
            var bytes = [UInt8](repeating: 0, count: ranges[part].count)
            try unsafe bytes.withUnsafeMutableBytes { try unsafe parts.read(into: $0) }
            state.passed[part] = bytes
        } else {
            try parts.skip(Int64(ranges[part].count))
        }
        state.next += 1
    }
}
