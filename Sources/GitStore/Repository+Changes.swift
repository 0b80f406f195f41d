internal import BuildModel
internal import CGit2
internal import Platform

extension Repository {
    /// What a revision and the commits before it changed, each against its first parent, below the revision's root directory.
    ///
    /// Ends without an error where the history that is here does. A history that takes too long to look at is as good as none:
    /// it only helps to choose.
    func changes(before revision: Revision, limit: Int, cancelFlag: CancelFlag) throws(BuildFailure) -> [[[UInt8]]] {
        var all: [[[UInt8]]] = []
        var effort = HistoryEffort(cancelFlag)
        var next: ObjectID? = revision.commit
        while all.count < limit, let id = next {
            guard let commit = try? HistoryCommit(id, in: self), let parent = commit.parent,
                let before = try? HistoryCommit(parent, in: self)
            else { return all }
            var comparison = TreeComparison(self, effort)
            defer { effort = comparison.effort }
            do {
                let root = revision.rootDirectory
                try comparison.compare(before.tree(at: root, in: self), commit.tree(at: root, in: self))
                all.append(comparison.paths)
            } catch let failure as BuildFailure where failure.fault == .cancelled {
                throw failure
            } catch is HistoryEffort.Exhausted {
                return []
            } catch {
                // A tree that is missing or damaged here says nothing of this commit.
            }
            next = parent
        }
        return all
    }
}

/// A commit of the history that is here.
private struct HistoryCommit {
    let parent: ObjectID?
    private let root: ObjectID

    init(_ id: ObjectID, in repository: Repository) throws {
        _ = try repository.size(of: id, GIT_OBJECT_COMMIT)
        var commit: OpaquePointer?
        var form = id.libraryForm
        try LibraryError.check(unsafe git_commit_lookup(&commit, repository.pointer, &form))
        defer { unsafe git_commit_free(commit) }
        guard let tree = unsafe git_commit_tree_id(commit) else { throw LibraryError(code: GIT_ERROR.rawValue) }
        root = unsafe ObjectID(tree.pointee)
        parent =
            unsafe git_commit_parentcount(commit) > 0
            ? unsafe git_commit_parent_id(commit, 0).map { unsafe ObjectID($0.pointee) } : nil
    }

    /// The tree of a directory; nil if there is none.
    func tree(at directory: String, in repository: Repository) throws -> ObjectID? {
        guard !directory.isEmpty else { return root }
        let entry = try ObjectTree(repository, root: root, maximumBlobBytes: 0).entry(at: directory)
        return entry?.kind == .directory ? entry?.objectID : nil
    }
}
