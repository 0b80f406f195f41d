internal import BuildModel
internal import CGit2

extension Repository {
    /// Describes a commit, with the tree of a directory of it.
    ///
    /// - Parameters:
    ///   - url: how the repository is shown; without credentials.
    ///   - reference: the branch or tag that led to the commit.
    /// - Throws: `BuildFailure` with code `root_directory_not_found` or `damaged`.
    func revision(
        of id: ObjectID,
        url: String,
        reference: String?,
        rootDirectory: String
    ) throws(BuildFailure) -> Revision {
        do {
            _ = try size(of: id, GIT_OBJECT_COMMIT)
            var commit: OpaquePointer?
            var form = id.libraryForm
            try LibraryError.check(unsafe git_commit_lookup(&commit, pointer, &form))
            defer { unsafe git_commit_free(commit) }
            guard let root = unsafe git_commit_tree_id(commit).map({ unsafe ObjectID($0.pointee) }) else {
                throw LibraryError(code: GIT_ERROR.rawValue)
            }
            let author = unsafe git_commit_author(commit)
            return unsafe Revision(
                commit: id,
                tree: try tree(at: rootDirectory, in: root),
                repositoryURL: url,
                reference: reference,
                rootDirectory: rootDirectory,
                commitMessage: Self.text(unsafe git_commit_message(commit), limit: 65536),
                authorName: Self.text(unsafe author?.pointee.name, limit: 1024),
                authorEmail: Self.text(unsafe author?.pointee.email, limit: 1024),
                committedAt: Self.plausible(unsafe git_commit_time(commit))
            )
        } catch let failure as BuildFailure {
            throw failure
        } catch let error as LibraryError {
            throw error.damage("The copy of \(url) at commit \(id.short)")
        } catch {
            throw BuildFailure(error, operation: "git.read")
        }
    }

    /// The tree of a directory.
    ///
    /// - Throws: `BuildFailure` with code `root_directory_not_found`, which says what is there; `LibraryError`.
    func tree(at directory: String, in root: ObjectID) throws -> ObjectID {
        let tree = try ObjectTree(self, root: root, maximumBlobBytes: 0)
        guard !directory.isEmpty else { return root }
        if let entry = try tree.entry(at: directory), entry.kind == .directory { return entry.objectID }
        throw try rootDirectoryNotFound(directory, in: tree)
    }

    private func rootDirectoryNotFound(_ directory: String, in tree: ObjectTree) throws -> BuildFailure {
        var parts = directory.split(separator: "/")
        var nearest = ""
        while parts.popLast() != nil {
            let candidate = parts.joined(separator: "/")
            if candidate.isEmpty { break }
            guard let entry = try tree.entry(at: candidate), entry.kind == .directory else { continue }
            nearest = candidate
            break
        }
        let names = try tree.directories(in: nearest, limit: 10)
        let place = nearest.isEmpty ? "the repository" : "'\(nearest)', the nearest directory that exists,"
        let content = names.isEmpty ? "has no directories" : "has: \(names.joined(separator: ", "))"
        return BuildFailure(
            .code,
            .rootDirectoryNotFound,
            operation: "git.fetch",
            message: "There is no directory '\(directory)' in this revision; \(place) \(content)."
        )
    }

    /// A commit says of itself when it was made: kept to the years 1970 to 9999, which is what image documents can say.
    private static func plausible(_ time: Int64) -> Int64 { min(max(time, 0), 253_402_300_799) }

    private static func text(_ start: UnsafePointer<CChar>?, limit: Int) -> String {
        guard let start = unsafe start else { return "" }
        return String(unsafe String(cString: start).prefix(limit))
    }
}

extension Revision {
    /// The same, of a directory below its own with a tree.
    func moved(to directory: String, _ tree: ObjectID) -> Revision {
        var moved = self
        moved.rootDirectory = [rootDirectory, directory].filter { !$0.isEmpty }.joined(separator: "/")
        moved.tree = tree
        return moved
    }
}
