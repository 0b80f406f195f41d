internal import BuildModel

/// The content of one entry, which any thread can read, as often as it likes.
protocol EntryContent: Sendable {
    /// Bytes.
    var size: Int64 { get }
    /// Names the bytes: equal identities, equal bytes. Empty if nothing does; the members that the content is in are not kept then.
    var identity: String { get }

    /// Whether reading all of it at once is much faster than reading it in parts.
    var isFasterWhole: Bool { get }

    /// Fills `buffer`, which has exactly `size` bytes.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws

    /// The bytes from the front.
    func parts() throws -> EntryParts
}

/// A blob of a tree.
struct BlobEntryContent: EntryContent {
    let entry: TreeEntry
    let blobs: any BlobReader
    let reads: ReadCount

    var size: Int64 { entry.size }
    var identity: String { entry.objectID.hex }
    /// It is inflated either way.
    var isFasterWhole: Bool { true }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws {
        try unsafe blobs.read(entry.objectID, into: buffer)
        reads.add(buffer.count)
    }

    func parts() throws -> EntryParts {
        let source = try blobs.parts(of: entry.objectID, size: entry.size)
        return EntryParts(source, path: entry.path, size: entry.size, reads: reads)
    }
}
