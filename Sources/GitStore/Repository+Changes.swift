internal import BuildModel
internal import CGit2

extension Repository {
    /// Paths of one commit at most; a commit that changes more says nothing about what changes often.
    private static let maximumPaths = 2000

    /// What a revision and the commits before it changed, each against its first parent, below the revision's root directory.
    /// Ends without an error where the history that is here does.
    func changes(before revision: Revision, limit: Int) -> [[[UInt8]]] {
        var all: [[[UInt8]]] = []
        var next: ObjectID? = revision.commit
        while all.count < limit, let id = next {
            guard let commit = try? HistoryCommit(id, in: self), let parent = commit.parent,
                let before = try? HistoryCommit(parent, in: self)
            else { return all }
            if let paths = try? changes(from: before, to: commit, below: revision.rootDirectory) { all.append(paths) }
            next = parent
        }
        return all
    }

    private func changes(
        from before: HistoryCommit,
        to after: HistoryCommit,
        below root: String
    ) throws(LibraryError) -> [[UInt8]] {
        let (old, new) = unsafe (try before.openTree(), try after.openTree())
        defer {
            unsafe git_tree_free(old)
            unsafe git_tree_free(new)
        }
        var options = unsafe git_diff_options()
        try LibraryError.check(unsafe git_diff_options_init(&options, UInt32(GIT_DIFF_OPTIONS_VERSION)))
        unsafe options.flags = GIT_DIFF_SKIP_BINARY_CHECK.rawValue
        unsafe options.ignore_submodules = GIT_SUBMODULE_IGNORE_ALL
        var diff: OpaquePointer?
        try LibraryError.check(unsafe git_diff_tree_to_tree(&diff, pointer, old, new, &options))
        defer { unsafe git_diff_free(diff) }
        let prefix = root.isEmpty ? [] : Array("\(root)/".utf8)
        let count = unsafe min(git_diff_num_deltas(diff), Self.maximumPaths)
        return (0..<count).compactMap { index in
            guard let delta = unsafe git_diff_get_delta(diff, index), let path = unsafe delta.pointee.new_file.path
            else {
                return nil
            }
            let bytes = unsafe Array(String(cString: path).utf8)
            return bytes.starts(with: prefix) ? Array(bytes.dropFirst(prefix.count)) : nil
        }
    }
}

/// A commit of the history that is here.
@safe
private final class HistoryCommit {
    private let pointer: OpaquePointer

    init(_ id: ObjectID, in repository: Repository) throws(LibraryError) {
        var commit: OpaquePointer?
        var form = id.libraryForm
        try LibraryError.check(unsafe git_commit_lookup(&commit, repository.pointer, &form))
        guard let commit = unsafe commit else { throw LibraryError(code: GIT_ERROR.rawValue) }
        unsafe pointer = commit
    }

    deinit { unsafe git_commit_free(pointer) }

    var parent: ObjectID? {
        unsafe git_commit_parentcount(pointer) > 0
            ? unsafe git_commit_parent_id(pointer, 0).map { unsafe ObjectID($0.pointee) } : nil
    }

    /// The caller frees it.
    func openTree() throws(LibraryError) -> OpaquePointer {
        var tree: OpaquePointer?
        try LibraryError.check(unsafe git_commit_tree(&tree, pointer))
        guard let tree = unsafe tree else { throw LibraryError(code: GIT_ERROR.rawValue) }
        return unsafe tree
    }
}
