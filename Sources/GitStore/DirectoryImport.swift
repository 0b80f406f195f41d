internal import BuildModel
internal import CGit2
internal import Glibc
internal import Platform

/// Writes the files of a directory as git objects, the way `git add` and `git commit` would: same content, same tree id.
struct DirectoryImport {
    private static let maximumDepth = 512
    private let repository: Repository
    private let cancelFlag: CancelFlag

    init(_ repository: Repository, cancelFlag: CancelFlag) {
        self.repository = repository
        self.cancelFlag = cancelFlag
    }

    /// Takes the directory in as one commit of 1970, so that the same files give the same commit everywhere.
    func commit(_ directory: String) throws(BuildFailure) -> ObjectID {
        let path = BytePath(directory)
        // The top is written even when it is empty.
        guard let root = try tree(path, depth: 0) else { throw failure(path) }
        do {
            return try repository.writeCommit(of: root, message: "The files of a directory without a repository\n")
        } catch {
            throw failure(path, error)
        }
    }

    /// - Returns: nil for a directory without files, of which git keeps nothing.
    private func tree(_ directory: BytePath, depth: Int) throws(BuildFailure) -> ObjectID? {
        guard depth < Self.maximumDepth else {
            throw unsupported(directory, "is nested more than \(Self.maximumDepth) directories deep")
        }
        var builder: OpaquePointer?
        try check(unsafe git_treebuilder_new(&builder, repository.pointer, nil), directory)
        defer { unsafe git_treebuilder_free(builder) }
        for name in try directory.names() where name != Self.gitDirectory {
            guard !cancelFlag.isSet else { throw .cancelled(operation: "git.import") }
            let path = directory.appending(name)
            guard let (id, mode) = try entry(path, depth: depth) else { continue }
            var form = id.libraryForm
            try check(unsafe git_treebuilder_insert(nil, builder, name, &form, mode), path)
        }
        let count = unsafe git_treebuilder_entrycount(builder)
        guard depth == 0 || count > 0 else { return nil }
        var id = git_oid()
        try check(unsafe git_treebuilder_write(&id, builder), directory)
        return ObjectID(id)
    }

    private static let gitDirectory = Array(".git".utf8CString)

    private func entry(_ path: BytePath, depth: Int) throws(BuildFailure) -> (ObjectID, git_filemode_t)? {
        let mode = try path.mode()
        var id = git_oid()
        switch mode & S_IFMT {
        case S_IFDIR:
            return try tree(path, depth: depth + 1).map { ($0, GIT_FILEMODE_TREE) }
        case S_IFLNK:
            let target = try path.linkTarget()
            try check(unsafe git_blob_create_from_buffer(&id, repository.pointer, target, target.count), path)
            return (ObjectID(id), GIT_FILEMODE_LINK)
        case S_IFREG:
            try check(unsafe git_blob_create_from_disk(&id, repository.pointer, path.characters), path)
            return (ObjectID(id), mode & S_IXUSR != 0 ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB)
        default:
            throw unsupported(path, "is a socket, device or pipe, which no image can have; remove it")
        }
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
            message: "Cannot take in '\(path.display)'; check that it can be read and that TMPDIR has space.",
            cause: error?.message
        )
    }

    private func unsupported(_ path: BytePath, _ reason: String) -> BuildFailure {
        BuildFailure(
            .code,
            .unsupportedFile,
            operation: "git.import",
            message: "'\(path.display)' \(reason)."
        )
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
