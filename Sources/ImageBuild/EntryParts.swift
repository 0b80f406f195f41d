internal import BuildModel

/// The content of one entry from its front to its end: as many bytes as its header has said. Confined to one thread at a time.
final class EntryParts {
    private let source: any BlobParts
    /// In the image, for the error.
    private let path: [UInt8]
    private let size: Int64
    private let reads: ReadCount
    private var rest: Int64

    init(_ source: any BlobParts, path: [UInt8], size: Int64, reads: ReadCount) {
        self.source = source
        self.path = path
        self.size = size
        self.reads = reads
        rest = size
    }

    /// Fills `buffer` with the bytes that follow.
    ///
    /// - Throws: `BuildFailure` with code `corrupted` if the content does not have just as many bytes as promised.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws {
        let count = try unsafe source.read(into: buffer)
        reads.add(count)
        rest -= Int64(count)
        guard count == buffer.count else { throw LayerFailure.changed(path, promised: size) }
        guard rest == 0 else { return }
        var extra: UInt8 = 0
        let more = try unsafe withUnsafeMutableBytes(of: &extra) { try unsafe source.read(into: $0) }
        guard more == 0 else { throw LayerFailure.changed(path, promised: size) }
    }

    /// Reads bytes that nobody wants.
    func skip(_ count: Int64) throws {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { unsafe room.deallocate() }
        var rest = count
        while rest > 0 {
            let piece = Int(min(rest, Int64(room.count)))
            try unsafe read(into: UnsafeMutableRawBufferPointer(rebasing: room[..<piece]))
            rest -= Int64(piece)
        }
    }
}
