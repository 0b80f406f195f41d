internal import BuildModel
internal import Platform
internal import Synchronization

/// A blob's bytes on their way out: hashed as they are read, and refused before the last of them leaves if they are not the ones
/// that were promised. What a registry stores under a digest is then what we meant.
final class VerifyingContent: BlobContent {
    private struct Progress {
        var hasher = SHA256Hasher()
        var position: Int64 = 0

        init() {}

        init(copying other: Progress) { (hasher, position) = (SHA256Hasher(copying: other.hasher), other.position) }
    }

    let size: Int64
    private let content: any BlobContent
    private let digest: Digest
    /// Where it is; the last places on the way; and where the piece begins that is being sent, which may have to be sent again.
    private typealias State = (current: Progress, marks: [Progress], start: Progress?)

    private let state = Mutex<State>((Progress(), [], nil))

    /// How far apart the places are from which hashing can go on, and how many are kept.
    private static let markDistance: Int64 = 8 << 20
    private static let markCount = 4

    /// - Throws: `BuildFailure` with code `corrupted` if the content has another size than promised.
    init(_ content: any BlobContent, descriptor: Descriptor) throws(BuildFailure) {
        guard content.size == descriptor.size else {
            throw Self.corrupted("\(descriptor.digest) has \(content.size) bytes instead of \(descriptor.size)")
        }
        // Of nothing there is no last byte at which it would be looked at.
        guard descriptor.size > 0 || descriptor.digest == Digest(of: []) else {
            throw Self.corrupted("\(descriptor.digest) is not the digest of nothing")
        }
        self.content = content
        size = descriptor.size
        digest = descriptor.digest
    }

    func isReadable(at offset: Int64, orElse tell: @escaping @Sendable () -> Void) -> Bool {
        content.isReadable(at: offset, orElse: tell)
    }

    /// Reads in order. Elsewhere, what lies before `offset` is hashed again: from the nearest place that is kept.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(BuildFailure) -> Int {
        let count = try content.read(at: offset, into: buffer)
        let bytes = UnsafeRawBufferPointer(rebasing: buffer.prefix(count))
        let result = state.withLock { state -> Result<Bool, BuildFailure> in
            Result { () throws(BuildFailure) in
                if state.current.position != offset { try move(&state, to: offset) }
                return hash(bytes, &state)
            }
        }
        guard try result.get() else { throw Self.corrupted("the bytes of \(digest) have another digest") }
        return count
    }

    private func hash(_ bytes: UnsafeRawBufferPointer, _ state: inout State) -> Bool {
        let position = state.current.position
        if position - (state.marks.last?.position ?? 0) >= Self.markDistance {
            state.marks.append(Progress(copying: state.current))
            if state.marks.count > Self.markCount { state.marks.removeFirst() }
        }
        state.current.hasher.update(bytes)
        state.current.position += Int64(bytes.count)
        return state.current.position < size || SHA256Hasher(copying: state.current.hasher).finalize() == digest
    }

    private func move(_ state: inout State, to offset: Int64) throws(BuildFailure) {
        state.marks.removeAll { $0.position > offset }
        let places = [state.start, state.marks.last].compactMap { $0 }.filter { $0.position <= offset }
        state.current = places.max { $0.position < $1.position }.map { Progress(copying: $0) } ?? Progress()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while state.current.position < offset {
            let room = UnsafeMutableRawBufferPointer(
                rebasing: buffer.prefix(Int(min(Int64(buffer.count), offset - state.current.position)))
            )
            let count = try content.read(at: state.current.position, into: room)
            guard count > 0 else { throw Self.corrupted("\(digest) has become shorter") }
            state.current.hasher.update(UnsafeRawBufferPointer(rebasing: room.prefix(count)))
            state.current.position += Int64(count)
        }
    }

    /// Makes ready to be read from `offset`, now and again; blocks while it hashes what lies before.
    func prepare(at offset: Int64) throws(BuildFailure) {
        let result = state.withLock { state -> Result<Void, BuildFailure> in
            Result { () throws(BuildFailure) in
                if state.current.position != offset { try move(&state, to: offset) }
                state.start = Progress(copying: state.current)
            }
        }
        try result.get()
    }

    private static func corrupted(_ reason: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .corrupted,
            operation: "registry.push",
            message:
                "A blob changed on this node before it was sent: \(reason). Clear the node's cache and build again."
        )
    }
}

/// A piece of a blob, for one request.
struct ContentSlice: BlobContent {
    let content: VerifyingContent
    let start: Int64
    let size: Int64

    func isReadable(at offset: Int64, orElse tell: @escaping @Sendable () -> Void) -> Bool {
        content.isReadable(at: start + offset, orElse: tell)
    }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(BuildFailure) -> Int {
        let room = min(Int64(buffer.count), size - offset)
        guard room > 0 else { return 0 }
        return try content.read(
            at: start + offset,
            into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(Int(room)))
        )
    }
}
