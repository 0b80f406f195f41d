package import BuildModel
internal import CGit2
internal import Platform

/// A repository of this machine, for building a path without any server; or a plain directory, taken in as if it were one.
package struct LocalRepository: RevisionSource {
    /// What was opened, as an absolute path.
    package let path: String
    /// The directory that is built, relative to the repository's top; empty for all of it.
    package let rootDirectory: String
    /// Keeps the objects of a directory that is no repository; nil for a real one.
    let imported: ImportedDirectory?
    /// Has the trees where something stands elsewhere.
    var joint: JointRepository?

    /// Has libgit2 started beside what comes before the first call: it reads the system's certificates, whether they are needed or
    /// not, which takes as long as everything else that it does for a build of an unchanged commit.
    package static func startLibrary() { TreeReading.startEarly() }

    /// Finds the repository that a directory is in: its own, or one above it.
    ///
    /// - Throws: `BuildFailure` with code `not_found` if `path` is no directory, `repository_not_found` if no repository is
    ///   there or above.
    package static func open(_ path: String) async throws -> LocalRepository {
        let path = try resolve(path)
        return try await TreeReading.run(opening: { try find(path) }) { repository, _ in
            LocalRepository(path: path, rootDirectory: try root(of: path, in: repository), imported: nil)
        }
    }

    /// Takes in a directory that is no repository: its files are hashed into an object database beside the mirrors, and next time those
    /// that changed alone; or into a temporary one, which is removed with the last copy of the result. `.git` is left out; symbolic
    /// links stay links. What git does not keep (modes, attributes, names of one file) goes along beside the objects.
    ///
    /// - Parameters:
    ///   - cache: where mirrors are; made when it is not there. nil for a temporary database.
    ///   - unwanted: directories that are left out where they lie in this one, whatever they are called there: what a build writes into
    ///     them would else be taken in by the next. `cache` always is.
    ///   - parent: where a temporary one goes; nil for `TMPDIR`, else `/tmp`.
    ///   - settled: how long a file must have been as it is to be known again.
    /// - Throws: `BuildFailure` with code `unsupported_file` that names a socket, device or pipe; `system`; `cancelled`.
    package static func importing(
        directory: String,
        keptIn cache: String? = nil,
        without unwanted: [String] = [],
        in parent: String? = nil,
        settled: Duration = .seconds(2)
    ) async throws -> LocalRepository {
        let path = try resolve(directory)
        let imported: ImportedDirectory
        if let cache {
            try Directories.create(cache, mode: 0o700)
            imported = try await ImportedDirectory.kept(
                KeptImport(of: path, in: cache),
                of: path,
                without: try identities(of: unwanted + [cache]),
                settled: settled
            )
        } else {
            imported = try await ImportedDirectory.temporary(
                of: path,
                without: try identities(of: unwanted),
                in: parent
            )
        }
        return LocalRepository(path: path, rootDirectory: "", imported: imported)
    }

    /// Directories that were not taken in, as paths for people; empty for a real repository.
    package var leftOut: [String] { imported?.leftOut ?? [] }

    /// Describes a commit.
    ///
    /// - Parameter name: a branch, tag or id (gitrevisions(7)); nil for `HEAD`.
    /// - Throws: `BuildFailure` with code `empty_repository`, `commit_not_found`, `ambiguous_commit`,
    ///   `root_directory_not_found` or `damaged`.
    package func revision(_ name: String? = nil) async throws -> Revision {
        let name = imported.map(\.commit.hex) ?? name ?? "HEAD"
        return try await TreeReading.run(opening: opener) { repository, _ in
            var revision = try repository.revision(
                of: try commit(name, in: repository),
                url: imported == nil ? repository.originURL : "",
                reference: imported == nil ? repository.branch(for: name) : nil,
                rootDirectory: rootDirectory
            )
            revision.details = imported?.details.digest
            return revision
        }
    }

    package func withTree<Value: Sendable>(
        of revision: Revision,
        _ body: @escaping @Sendable (any StoredTree) throws -> Value
    ) async throws -> Value {
        try await TreeReading.withTree(
            of: revision,
            maximumBlobBytes: .max,
            details: imported?.details ?? .none,
            opening: treeOpener,
            body
        )
    }

    package func changes(before revision: Revision, limit: Int) async throws -> [[[UInt8]]] {
        try await TreeReading.run(opening: opener) { repository, flag in
            try repository.changes(before: revision, limit: limit, cancelFlag: flag)
        }
    }

    package func files(named name: String, above revision: Revision, limit: Int64) async throws -> [String: [UInt8]] {
        guard !revision.rootDirectory.isEmpty else { return [:] }
        return try await TreeReading.run(opening: opener) { repository, _ in
            // A directory within a submodule is opened as the submodule's own repository.
            try repository.files(named: name, above: RootPlace(of: revision), limit: limit)
        }
    }

    var treeOpener: @Sendable () throws -> Repository {
        guard let joint else { return opener }
        return { try Repository(opening: joint.path) }
    }

    var opener: @Sendable () throws -> Repository {
        let path = path
        guard let imported else { return { try Self.find(path) } }
        return {
            do throws(LibraryError) {
                return try Repository(opening: imported.path)
            } catch {
                throw error.damage("The copy of \(path)")
            }
        }
    }

    private func commit(_ name: String, in repository: Repository) throws(BuildFailure) -> ObjectID {
        do {
            if let commit = try repository.commit(named: name) { return commit }
        } catch {
            guard error.code != GIT_EAMBIGUOUS.rawValue else {
                throw .source(.ambiguousCommit, "'\(name)' is the beginning of several objects; give more digits.")
            }
            guard name != "HEAD" else { throw .emptyRepository(path) }
            guard !error.meansDamage || error.code == GIT_ENOTFOUND.rawValue else { throw error.damage(path) }
        }
        throw .source(.commitNotFound, "The repository at \(path) has no commit '\(name)'.")
    }
}

extension LocalRepository {
    private static func resolve(_ path: String) throws(BuildFailure) -> String {
        guard let real = RealPath.of(path), Directories.exists(real) else {
            throw BuildFailure(.code, .notFound, operation: "git.open", message: "There is no directory '\(path)'.")
        }
        return real
    }

    /// Of the directories that are there.
    private static func identities(of directories: [String]) throws(BuildFailure) -> Set<FileIdentity> {
        var identities: Set<FileIdentity> = []
        for directory in directories {
            guard let real = RealPath.of(directory) else { continue }
            identities.insert(try BytePath(real).status().identity)
        }
        return identities
    }

    private static func find(_ path: String) throws(BuildFailure) -> Repository {
        do {
            return try Repository(finding: path)
        } catch {
            guard error.code == GIT_ENOTFOUND.rawValue else { throw error.damage("The repository at \(path)") }
            throw BuildFailure(
                .code,
                .repositoryNotFound,
                operation: "git.open",
                message: "There is no git repository at '\(path)' or above it."
            )
        }
    }

    /// Where `path` lies in the working tree; empty in a bare repository and in the git directory itself.
    private static func root(of path: String, in repository: Repository) throws -> String {
        guard let top = repository.workingDirectory.flatMap(RealPath.of) else { return "" }
        guard path.hasPrefix(top + "/") else { return "" }
        let root = String(path.dropFirst(top.count + 1))
        return root == ".git" || root.hasPrefix(".git/") ? "" : root
    }
}
