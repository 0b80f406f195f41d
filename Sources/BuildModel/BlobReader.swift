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
}

/// A source tree whose blobs can be read by many threads: what layers are made of.
package protocol StoredTree: SourceTree {
    /// Outlives the tree.
    var blobs: any BlobReader { get }
    /// What entries have beyond what their kinds say.
    var details: SourceDetails { get }
}

extension StoredTree {
    package var details: SourceDetails { .none }
}
