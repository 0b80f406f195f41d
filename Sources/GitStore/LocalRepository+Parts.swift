package import BuildModel
internal import Platform

extension LocalRepository {
    /// This repository and a revision of it, with submodules and files of Git LFS in their places.
    ///
    /// Nothing is asked of any server, and nothing is written into the repository: submodules come from where
    /// `git submodule update` put them, or from the directory that is their URL; files of Git LFS from `.git/lfs`.
    ///
    /// - Parameters:
    ///   - revision: that this repository described.
    ///   - directory: keeps trees and files for the next time; made when it is not there.
    /// - Returns: what came in, if nothing is missing in it.
    /// - Throws: `BuildFailure` with code `commit_not_found` for a submodule, `large_file_not_found`, `large_files_refused` and
    ///   `corrupted` for a file, each with words that say what to do; `limit_exceeded`.
    package func completed(
        _ revision: Revision,
        _ policy: LargeFilePolicy,
        in directory: String,
        log: any BuildLog
    ) async throws -> (LocalRepository, Revision) {
        guard imported == nil else { return (self, revision) }
        let shown = revision.repositoryURL.isEmpty ? path : revision.repositoryURL
        try Directories.create(directory, mode: 0o700)
        let known = ScannedTrees(path: "\(directory)/plain-trees")
        let part = try await TreeReading.run(opening: opener) { repository, flag in
            var finder = LocalPartFinder(policy: policy, known: known, log: log, cancelFlag: flag)
            return try finder.part(
                of: repository,
                at: revision.commit,
                shown: shown,
                directory: revision.rootDirectory
            )
        }
        guard !part.isComplete else { return (self, revision) }
        return try await joined(part, revision, in: directory)
    }

    private func joined(
        _ part: LocalPart,
        _ revision: Revision,
        in directory: String
    ) async throws -> (LocalRepository, Revision) {
        let joint = JointRepository(of: part.gitDirectories.map { ($0, "local") }, in: directory)
        let lock = try await MirrorLock.acquire(joint.lockPath)
        var (joined, revision) = (self, revision)
        joined.joint = joint
        let root = revision.rootDirectory
        let sources = part.gitDirectories
        revision.tree = try await TreeReading.run(opening: { try joint.open(over: sources) }) { repository, flag in
            try withExtendedLifetime(lock) {
                let whole = try LocalJoin(joint: joint, sources: sources, cancelFlag: flag).tree(of: part)
                return try repository.tree(at: root, in: whole)
            }
        }
        revision.submodules = part.flattened()
        revision.hasLargeFiles = !part.largeFiles.isEmpty
        return (joined, revision)
    }
}

/// Puts the parts of a revision in their places. The joint repository's lock is held.
private struct LocalJoin {
    let joint: JointRepository
    let sources: [String]
    let cancelFlag: CancelFlag

    func tree(of part: LocalPart) throws -> ObjectID {
        let store = LargeFileStore(in: joint)
        let copies = LargeFileCopies(ofGitDirectories: [part.gitDirectory])
        for file in try store.missing(part.largeFiles, over: sources) {
            guard !cancelFlag.isSet else { throw BuildFailure.cancelled(operation: "git.read") }
            try store.keep(file, copies.content(of: file))
        }
        let filled = part.largeFiles.isEmpty ? part.root : try store.fill(part.largeFiles, into: part.root)
        let places = try part.submodules.map { TreePlace($0.path, tree: try tree(of: $0.part)) }
        return places.isEmpty ? filled : try Repository(opening: joint.path).graft(places, onto: filled)
    }
}
