internal import BuildModel
internal import Compression
internal import Platform

/// One pack file of a repository with its index, read by any number of threads: gitformat-pack(5).
///
/// Read with `pread`, not mapped: pages of a mapping would count as this process' memory, a layer's worth of them.
final class Pack: Sendable {
    /// Deltas of deltas: git makes 50 at most, and 4095 where it is told to.
    static let maximumChain = 5000
    /// Objects above this many bytes are put together in a file.
    static let large: Int64 = 16 << 20

    let stream: ZlibFile
    private let index: PackIndex
    private let number: Int
    let memory: PackMemory

    /// - Parameters:
    ///   - path: of the index; the pack is beside it.
    ///   - number: another one than other packs with the same memory have.
    init(index path: String, number: Int, _ memory: PackMemory) throws(BuildFailure) {
        index = try PackIndex(path)
        stream = try ZlibFile(String(path.dropLast(4)) + ".pack")
        self.number = number
        self.memory = memory
    }

    /// What an object is kept under.
    func place(of offset: Int64) -> DeltaBases.Place { DeltaBases.Place(pack: number, offset: offset) }

    func offset(of id: PackedID) -> Int64? { index.offset(of: id) }

    /// Fills `output` with the object at an offset.
    func read(at offset: Int64, into output: UnsafeMutableRawBufferPointer, _ limits: ReadLimits) throws {
        let entry = try entry(at: offset)
        guard case .whole = entry.kind else { return try unsafe readDelta(at: offset, into: output, limits) }
        guard entry.size == output.count else { throw stream.damaged(offset) }
        try unsafe inflate(entry, into: output)
    }

    func entry(at offset: Int64) throws(BuildFailure) -> PackEntry {
        let header = try stream.bytes(at: offset, count: PackEntry.maximumHeader)
        guard let entry = unsafe header.withUnsafeBytes({ unsafe PackEntry($0, at: offset) }) else {
            throw stream.damaged(offset)
        }
        return entry
    }

    /// Where the base of a delta begins; nil for a whole object.
    func base(of entry: PackEntry, at offset: Int64) throws(BuildFailure) -> Int64? {
        switch entry.kind {
        case .whole: return nil
        case .offsetDelta(let base): return base
        case .idDelta(let id):
            guard let base = index.offset(of: PackedID(bytes: id)) else { throw stream.damaged(offset) }
            return base
        }
    }

    /// The bytes of an entry's stream: an object, or a delta.
    func content(of entry: PackEntry) throws -> [UInt8] {
        guard entry.size <= Self.large else { throw stream.damaged(entry.dataOffset) }
        var failure: (any Error)?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(entry.size)) { buffer, count in
            let output = unsafe UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: Int(entry.size))
            do { try unsafe inflate(entry, into: output) } catch { failure = error }
            count = failure == nil ? Int(entry.size) : 0
        }
        if let failure { throw failure }
        return bytes
    }

    private func inflate(_ entry: PackEntry, into output: UnsafeMutableRawBufferPointer) throws {
        try memory.inflaters.lend { inflater in
            Result { try unsafe stream.inflate(at: entry.dataOffset, with: inflater, into: output) }
        }.get()
    }

    /// One delta is held at a time: a chain of them may be long, and every one large.
    private func readDelta(
        at offset: Int64,
        into output: UnsafeMutableRawBufferPointer,
        _ limits: ReadLimits
    ) throws {
        var deltas: [PackEntry] = []
        var (place, base): (Int64, [UInt8]?) = (offset, nil)
        while base == nil {
            guard deltas.count < Self.maximumChain else { throw stream.damaged(offset) }
            try limits.checkCancellation()
            base = memory.bases.base(at: self.place(of: place))
            if base != nil { break }
            let entry = try entry(at: place)
            // A base that is too large to be held: the way for large objects takes it.
            if entry.size > Self.large { return try unsafe readLarge(at: offset, into: output, limits) }
            if let next = try self.base(of: entry, at: place) {
                deltas.append(entry)
                place = next
            } else {
                let content = try content(of: entry)
                base = content
                if !deltas.isEmpty { memory.bases.keep(content, at: self.place(of: place)) }
            }
        }
        try unsafe apply(deltas, to: base ?? [], at: offset, into: output, limits)
    }

    /// Applies deltas, the last one first; the first one makes the object.
    private func apply(
        _ deltas: [PackEntry],
        to base: [UInt8],
        at offset: Int64,
        into output: UnsafeMutableRawBufferPointer,
        _ limits: ReadLimits
    ) throws {
        var base = base
        for (index, entry) in deltas.enumerated().reversed() {
            try limits.checkCancellation()
            let delta = try content(of: entry)
            if index == 0 {
                guard unsafe DeltaPatch.apply(delta, to: base, into: output) else { throw stream.damaged(offset) }
            } else {
                guard let next = DeltaPatch.apply(delta, to: base, limit: Self.large) else {
                    throw stream.damaged(offset)
                }
                base = next
            }
        }
        guard deltas.isEmpty else { return }
        guard base.count == output.count else { throw stream.damaged(offset) }
        unsafe output.copyBytes(from: base)
    }

    private func readLarge(
        at offset: Int64,
        into output: UnsafeMutableRawBufferPointer,
        _ limits: ReadLimits
    ) throws {
        let content = try spool(at: offset, limits)
        guard content.size == output.count else { throw stream.damaged(offset) }
        let count = try unsafe ContentParts(content).read(into: output)
        guard count == output.count else { throw stream.damaged(offset) }
    }
}
