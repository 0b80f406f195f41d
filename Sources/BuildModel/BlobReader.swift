/// The contents of blobs by their ids, for any number of threads at once.
///
/// Synchronous, may block on the disk and compute for long: callers run it off the cooperative pool.
package protocol BlobReader: Sendable {
    /// Fills `buffer` with a whole blob.
    ///
    /// - Throws: `BuildFailure` with code `corrupted` or `damaged` if the blob is missing or has another size than `buffer`.
    func read(_ id: ObjectID, into buffer: UnsafeMutableRawBufferPointer) throws

    /// Lends a blob piece by piece from its front, never holding it whole.
    ///
    /// - Parameter size: the blob's bytes in all.
    /// - Throws: as `read`; what `body` throws.
    func forEachPiece(of id: ObjectID, size: Int64, _ body: (UnsafeRawBufferPointer) throws -> Void) throws

    /// A blob that is read from its front, as far and as fast as the caller likes; never held whole.
    ///
    /// - Parameter size: the blob's bytes in all.
    /// - Throws: as `read`.
    func parts(of id: ObjectID, size: Int64) throws -> any BlobParts
}

/// A blob on the way from its front to its end. Confined to one thread at a time; the next part may be another one's.
package protocol BlobParts: AnyObject {
    /// Fills `buffer` with the bytes that follow.
    ///
    /// - Returns: how many; fewer than there is room for at the end alone.
    /// - Throws: as `BlobReader.read`.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

extension BlobParts {
    /// Lends what is left piece by piece.
    package func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { unsafe room.deallocate() }
        while case let count = try unsafe read(into: room), count > 0 {
            try unsafe body(UnsafeRawBufferPointer(rebasing: room[..<count]))
        }
    }
}

/// A source tree whose blobs can be read by many threads: what layers are made of.
package protocol StoredTree: SourceTree {
    /// Outlives the tree.
    var blobs: any BlobReader { get }
    /// What entries have beyond what their kinds say.
    var details: SourceDetails { get }

    /// The files and links that have other contents than in an earlier tree, if nothing else differs: no name, no mode, no submodule.
    ///
    /// - Parameter limit: the most there may be.
    /// - Returns: their paths; nil if more or something else differs, or the earlier tree is not here.
    /// - Throws: `BuildFailure` with code `cancelled`.
    func rewrittenFiles(since earlier: ObjectID, limit: Int) throws -> [[UInt8]]?
}

extension StoredTree {
    package var details: SourceDetails { .none }

    package func rewrittenFiles(since earlier: ObjectID, limit: Int) throws -> [[UInt8]]? { nil }
}
