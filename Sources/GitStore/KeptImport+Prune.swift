internal import BuildModel
internal import Platform

extension KeptImport {
    /// How long commits are noted: longer than whoever removes objects may ask for.
    private static let noted = Duration.seconds(7 * 86_400)
    /// Of objects that were not written to the end.
    private static let unfinished = "tmp_object"

    private var commits: String { "\(path)/slipway-commits" }
    private var objects: String { "\(path)/objects" }

    private var taken: ImportedCommits? {
        guard Files.exists(commits), let bytes = try? Files.read(commits) else { return nil }
        return ImportedCommits(bytes)
    }

    /// Notes that a commit is about to be read, so that its objects stay. The caller holds the lock.
    func note(_ commit: ObjectID) throws(BuildFailure) {
        let now = SystemInformation.currentMilliseconds
        var all = taken ?? ImportedCommits()
        all.add(commit, at: now, since: now - Self.noted.milliseconds)
        try Files.writeInOneStep(all.bytes, to: commits)
    }

    /// Removes the objects that neither the latest commit has nor one that was taken in within `recent`: builds may be reading those, which
    /// takes no lock. Each change of a large file would else stay for as long as the directory is built. Does nothing while somebody has the lock.
    ///
    /// - Throws: `LibraryError` or `BuildFailure` for what cannot be read, before anything is removed; `cancelled`; `system`.
    func prune(recent: Duration, _ cancelFlag: CancelFlag) throws {
        // Without its lock it would seem to be used now.
        guard Files.exists(commits), Files.exists(lockPath), let lock = try FileLock.attempt(lockPath, .exclusive)
        else { return }
        try withExtendedLifetime(lock) {
            let start = SystemInformation.currentMilliseconds - recent.milliseconds
            guard let latest = taken?.latest(since: start), !latest.isEmpty else { return }
            let wanted = try MemoryBudget.limitReading("the copy of a directory") { try parts(of: latest, cancelFlag) }
            for name in try Directories.list(objects) {
                guard !cancelFlag.isSet else { throw BuildFailure.cancelled(operation: "git.collect") }
                if name.hasPrefix(Self.unfinished) { try Files.remove("\(objects)/\(name)") }
                guard name.utf8.count == 2 else { continue }
                for rest in try Directories.list("\(objects)/\(name)") {
                    guard let id = ObjectID(hex: name + rest), !wanted.contains(id) else { continue }
                    try Files.remove("\(objects)/\(name)/\(rest)")
                }
            }
        }
    }

    /// All that commits are made of.
    private func parts(of commits: [ObjectID], _ cancelFlag: CancelFlag) throws -> Set<ObjectID> {
        let repository = try Repository(opening: path)
        var all: Set<ObjectID> = []
        for commit in commits {
            let root = try repository.revision(of: commit, url: path, reference: nil, rootDirectory: "").tree
            all.insert(commit)
            guard all.insert(root).inserted else { continue }
            let tree = try ObjectTree(repository, root: root, maximumBlobBytes: 0, cancelFlag: cancelFlag)
            try tree.walkRecords { record, _ in
                all.insert(ObjectID(record.form)).inserted ? .proceed : .skipDescendants
            }
        }
        return all
    }
}
