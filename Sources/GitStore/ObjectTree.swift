internal import BuildModel
internal import CGit2
internal import Platform

/// The files of one tree, read from a repository's object database. Belongs to the thread that made it, hence not Sendable.
@safe
final class ObjectTree: StoredTree {
    let id: ObjectID
    let repository: Repository
    let details: SourceDetails
    private let objects: OpaquePointer
    private let maximumBlobBytes: Int64
    private let cancelFlag: CancelFlag
    private lazy var stored = StoredBlobs(
        repository,
        ReadLimits(cancelFlag: cancelFlag, maximumBytes: maximumBlobBytes)
    )
    var blobs: any BlobReader { stored }
    /// Trees on the way to entries that were asked for by path: rules ask for many in the same few directories.
    private var opened: [ObjectID: OpenTree] = [:]
    private static let (mostOpened, largestOpened) = (16, 10_000)

    /// - Parameters:
    ///   - root: the id of a tree.
    ///   - maximumBlobBytes: the most that is read at once, whatever a caller's own limit.
    ///   - details: by paths from this tree's root.
    ///   - cancelFlag: makes the methods throw once it is set.
    init(
        _ repository: Repository,
        root: ObjectID,
        maximumBlobBytes: Int64,
        details: SourceDetails = .none,
        cancelFlag: CancelFlag = CancelFlag()
    ) throws(LibraryError) {
        id = root
        self.details = details
        self.cancelFlag = cancelFlag
        self.repository = repository
        self.maximumBlobBytes = maximumBlobBytes
        unsafe objects = try repository.openObjects()
    }

    deinit { unsafe git_odb_free(objects) }

    func entry(at path: String) throws -> TreeEntry? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else { return nil }
        do {
            var tree = try kept(id)
            for (index, part) in parts.enumerated() {
                guard let entry = unsafe git_tree_entry_byname(tree.pointer, String(part)) else { return nil }
                if index == parts.count - 1 { return try unsafe self.entry(entry, path: Array(path.utf8)) }
                guard let next = unsafe git_tree_entry_id(entry), unsafe git_tree_entry_type(entry) == GIT_OBJECT_TREE
                else { return nil }
                tree = try kept(unsafe ObjectID(next.pointee))
            }
            return nil
        } catch {
            throw damage(error)
        }
    }

    private func kept(_ id: ObjectID) throws -> OpenTree {
        if let tree = opened[id] { return tree }
        let tree = try open(id)
        guard tree.count <= Self.largestOpened else { return tree }
        if opened.count >= Self.mostOpened { opened.removeAll() }
        opened[id] = tree
        return tree
    }

    func withContent<Result>(of entry: TreeEntry, limit: Int64, _ body: (RawSpan) throws -> Result) throws -> Result {
        let limit = min(limit, maximumBlobBytes)
        try checkCancellation()
        try check(entry.size, of: entry, limit: limit)
        var object: OpaquePointer?
        var form = entry.objectID.libraryForm
        do {
            try LibraryError.check(unsafe git_odb_read(&object, objects, &form))
        } catch {
            throw damage(error)
        }
        defer { unsafe git_odb_object_free(object) }
        let count = unsafe git_odb_object_size(object)
        try check(Int64(count), of: entry, limit: limit)
        let bytes = unsafe UnsafeRawBufferPointer(start: git_odb_object_data(object), count: count)
        return try body(unsafe bytes.bytes)
    }

    func checkCancellation() throws(BuildFailure) {
        if cancelFlag.isSet { throw .cancelled(operation: "git.read") }
    }

    private func check(_ size: Int64, of entry: TreeEntry, limit: Int64) throws(BuildFailure) {
        guard size > limit else { return }
        throw BuildFailure(
            .code,
            .limitExceeded,
            operation: "git.read",
            message: "'\(entry.displayPath)' has \(size) bytes; at most \(limit) are read."
        )
    }

    /// Opens a tree object for a walk, unless it is too large.
    ///
    /// In packs it is read here, as blobs are: libgit2 inflates with zlib, and takes a checksum that detects collisions.
    func records(of id: ObjectID) throws -> TreeRecords {
        if let bytes = try stored.tree(id) { return TreeRecords(copying: bytes) }
        _ = try repository.size(of: id, GIT_OBJECT_TREE)
        var (object, form): (OpaquePointer?, git_oid) = (nil, id.libraryForm)
        try LibraryError.check(unsafe git_odb_read(&object, objects, &form))
        guard let object = unsafe object else { throw LibraryError(code: GIT_ERROR.rawValue) }
        let records = unsafe TreeRecords(owning: object)
        guard unsafe git_odb_object_type(object) == GIT_OBJECT_TREE else {
            throw BuildFailure.damaged("The local copy of the repository", cause: "\(id) is no tree")
        }
        return records
    }

    /// One entry of a tree as a value, with its size, which takes a look at the object.
    func entry(_ form: git_oid, _ kind: TreeEntry.Kind, path: [UInt8]) throws -> TreeEntry {
        let id = ObjectID(form)
        guard kind != .directory && kind != .submodule else {
            return TreeEntry(kind: kind, path: path, objectID: id, size: 0)
        }
        var (size, type, form) = (0, GIT_OBJECT_INVALID, form)
        try LibraryError.check(unsafe git_odb_read_header(&size, &type, objects, &form))
        guard (0...Self.maximumFileBytes).contains(size) else {
            throw unsafeTree("a file of over \(Self.maximumFileBytes) bytes")
        }
        return TreeEntry(kind: kind, path: path, objectID: id, size: Int64(size))
    }

    private func entry(_ entry: OpaquePointer, path: [UInt8]) throws -> TreeEntry {
        guard let form = unsafe git_tree_entry_id(entry) else { throw LibraryError(code: GIT_ERROR.rawValue) }
        return try unsafe self.entry(form.pointee, Self.kind(git_tree_entry_filemode(entry)), path: path)
    }

    /// Headers may promise anything: sums of so many sizes as a walk has entries still fit in 64 bits.
    private static let maximumFileBytes = 1 << 39

    /// libgit2 has mapped all modes that were ever written to these.
    private static func kind(_ mode: git_filemode_t) -> TreeEntry.Kind {
        switch mode {
        case GIT_FILEMODE_TREE: .directory
        case GIT_FILEMODE_LINK: .symbolicLink
        case GIT_FILEMODE_COMMIT: .submodule
        case GIT_FILEMODE_BLOB_EXECUTABLE: .executable
        default: .file
        }
    }

    func damage(_ error: any Error) -> any Error {
        guard let error = error as? LibraryError else { return error }
        return error.damage("The local copy of the repository")
    }
}
