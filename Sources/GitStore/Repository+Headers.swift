internal import BuildModel
internal import CGit2

/// Objects are looked at by their headers before they are read: libgit2 holds trees, commits and tags whole.
extension Repository {
    /// Trees of about 500,000 entries.
    static let maximumTreeBytes = 32 << 20
    private static let maximumCommitBytes = 8 << 20

    /// The kind and size of an object, of which only the beginning is read.
    func header(of id: ObjectID) throws(LibraryError) -> (kind: git_object_t, size: Int) {
        let objects = try unsafe openObjects()
        defer { unsafe git_odb_free(objects) }
        var (size, kind) = (0, GIT_OBJECT_INVALID)
        var form = id.libraryForm
        try LibraryError.check(unsafe git_odb_read_header(&size, &kind, objects, &form))
        return (kind, size)
    }

    /// The size of a tree, commit or tag that may be read.
    ///
    /// - Throws: `BuildFailure` with code `limit_exceeded` for one that is larger than any that git makes of real files;
    ///   `LibraryError` if it is missing.
    func size(of id: ObjectID, _ kind: git_object_t) throws -> Int {
        let header = try header(of: id)
        let limit = kind == GIT_OBJECT_TREE ? Self.maximumTreeBytes : Self.maximumCommitBytes
        // Another kind is for the library to complain about, in a lookup that names the kind.
        guard !(0...limit).contains(header.size), header.kind == kind else { return header.size }
        let name = unsafe git_object_type2string(kind).map { unsafe String(cString: $0) } ?? "object"
        throw BuildFailure(
            .code,
            .limitExceeded,
            operation: "git.read",
            message: "The \(name) \(id.short) has \(header.size) bytes; at most \(limit) are read."
        )
    }
}
