internal import BuildModel

/// The content of one entry, which any thread can read, as often as it likes.
protocol EntryContent: Sendable {
    /// Bytes.
    var size: Int64 { get }
    /// Names the bytes: equal identities, equal bytes. Empty if nothing does; the members that the content is in are not kept then.
    var identity: String { get }

    /// Fills `buffer`, which has exactly `size` bytes.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws

    /// Lends the bytes piece by piece from the front.
    func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws
}

/// A blob of a tree.
struct BlobEntryContent: EntryContent {
    let entry: TreeEntry
    let blobs: any BlobReader
    let reads: ReadCount

    var size: Int64 { entry.size }
    var identity: String { entry.objectID.hex }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws {
        try unsafe blobs.read(entry.objectID, into: buffer)
        reads.add(buffer.count)
    }

    func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        // The header has said a size by now.
        var rest = entry.size
        try unsafe blobs.forEachPiece(of: entry.objectID, size: entry.size) { piece in
            rest -= Int64(piece.count)
            reads.add(piece.count)
            guard rest >= 0 else { throw LayerFailure.changed(entry.path, promised: entry.size) }
            try unsafe body(piece)
        }
        guard rest == 0 else { throw LayerFailure.changed(entry.path, promised: entry.size) }
    }
}
