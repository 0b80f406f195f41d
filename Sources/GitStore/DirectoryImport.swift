internal import BuildModel
internal import CGit2
internal import Platform

/// Writes the files of a directory as git objects, the way `git add` and `git commit` would: same content, same tree id. But
/// empty directories are in it, and what git does not keep is collected.
@safe
struct DirectoryImport {
    private static let maximumDepth = 512
    private let repository: Repository
    private let cancelFlag: CancelFlag
    private let objects: OpaquePointer
    private let unwanted: Set<FileIdentity>
    private(set) var details = DetailCollector()
    /// What is known of files from before, and then of these.
    private(set) var files: ImportedFiles
    /// Files whose content was read.
    private(set) var readFiles = 0
    /// Directories that are not taken in, for people.
    private(set) var leftOut: [String] = []

    /// - Parameters:
    ///   - objects: the repository's, open for as long as this is used.
    ///   - unwanted: directories below the top that are not taken in.
    init(
        _ repository: Repository,
        _ objects: OpaquePointer,
        knowing files: ImportedFiles,
        without unwanted: Set<FileIdentity>,
        cancelFlag: CancelFlag
    ) {
        self.repository = repository
        unsafe self.objects = objects
        self.files = files
        self.unwanted = unwanted
        self.cancelFlag = cancelFlag
    }

    /// Takes the directory in as one commit of 1970, so that the same files give the same commit everywhere.
    mutating func commit(_ directory: String) throws(BuildFailure) -> ObjectID {
        let path = BytePath(directory)
        let root = try tree(path, place: [], depth: 0)
        do {
            return try repository.writeCommit(of: root, message: "The files of a directory without a repository\n")
        } catch {
            throw failure(path, error)
        }
    }

    /// - Parameter place: of the directory below the top, with a slash behind it.
    private mutating func tree(_ directory: BytePath, place: [UInt8], depth: Int) throws(BuildFailure) -> ObjectID {
        guard depth < Self.maximumDepth else {
            throw unsupported(directory, "is nested more than \(Self.maximumDepth) directories deep")
        }
        var builder: OpaquePointer?
        try check(unsafe git_treebuilder_new(&builder, repository.pointer, nil), directory)
        defer { unsafe git_treebuilder_free(builder) }
        for name in try directory.names() where name != Self.gitDirectory {
            guard !cancelFlag.isSet else { throw .cancelled(operation: "git.import") }
            let path = directory.appending(name)
            let status = try path.status()
            guard status.kind != .directory || !unwanted.contains(status.identity) else {
                leftOut.append(path.display)
                continue
            }
            let place = place + name.dropLast().map { UInt8(bitPattern: $0) }
            let (id, mode) = try entry(path, status, place: place, depth: depth)
            var form = id.libraryForm
            try check(unsafe git_treebuilder_insert(nil, builder, name, &form, mode), path)
        }
        var id = git_oid()
        try check(unsafe git_treebuilder_write(&id, builder), directory)
        return ObjectID(id)
    }

    private static let gitDirectory = Array(".git".utf8CString)

    private mutating func entry(
        _ path: BytePath,
        _ status: FileStatus,
        place: [UInt8],
        depth: Int
    ) throws(BuildFailure) -> (ObjectID, git_filemode_t) {
        var id = git_oid()
        switch status.kind {
        case .directory:
            try details.add(place, status, at: path)
            return (try tree(path, place: place + [UInt8(ascii: "/")], depth: depth + 1), GIT_FILEMODE_TREE)
        case .symbolicLink:
            let target = try path.linkTarget()
            try check(unsafe git_blob_create_from_buffer(&id, repository.pointer, target, target.count), path)
            return (ObjectID(id), GIT_FILEMODE_LINK)
        case .file:
            try details.add(place, status, at: path)
            return (try blob(path, status), status.isExecutable ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB)
        case .pipe, .socket, .device, .whiteout:
            throw unsupported(path, "is a socket, device or pipe, which no image can have; remove it")
        }
    }

    /// The object of a file, which is read unless it is as it was.
    private mutating func blob(_ path: BytePath, _ status: FileStatus) throws(BuildFailure) -> ObjectID {
        var id = git_oid()
        if let known = files.id(of: status) {
            id = known.libraryForm
            if unsafe git_odb_exists(objects, &id) == 1 {
                files.note(status, known)
                return known
            }
        }
        try check(unsafe git_blob_create_from_disk(&id, repository.pointer, path.characters), path)
        readFiles += 1
        files.note(status, ObjectID(id))
        return ObjectID(id)
    }

    private func check(_ result: Int32, _ path: BytePath) throws(BuildFailure) {
        guard result < 0 else { return }
        throw failure(path, LibraryError(code: result))
    }

    private func failure(_ path: BytePath, _ error: LibraryError? = nil) -> BuildFailure {
        BuildFailure(
            .platform,
            .system,
            operation: "git.import",
            message: "Cannot take in '\(path.display)'; check that it can be read and that there is space for a copy.",
            cause: error?.message
        )
    }

    private func unsupported(_ path: BytePath, _ reason: String) -> BuildFailure { .unsupportedFile(path, reason) }
}

extension BuildFailure {
    static func unsupportedFile(_ path: BytePath, _ reason: String) -> BuildFailure {
        BuildFailure(.code, .unsupportedFile, operation: "git.import", message: "'\(path.display)' \(reason).")
    }
}

extension Repository {
    /// Writes a commit without parents whose author and time are always the same.
    func writeCommit(of root: ObjectID, message: String) throws(LibraryError) -> ObjectID {
        var signature: UnsafeMutablePointer<git_signature>?
        try LibraryError.check(unsafe git_signature_new(&signature, "slipway", "slipway@localhost", 0, 0))
        defer { unsafe git_signature_free(signature) }
        var tree: OpaquePointer?
        var form = root.libraryForm
        try LibraryError.check(unsafe git_tree_lookup(&tree, pointer, &form))
        defer { unsafe git_tree_free(tree) }
        var id = git_oid()
        try LibraryError.check(
            unsafe git_commit_create(&id, pointer, nil, signature, signature, nil, message, tree, 0, nil)
        )
        return ObjectID(id)
    }
}
