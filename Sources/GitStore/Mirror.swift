internal import BuildModel
internal import CGit2
internal import Platform

/// The bare repository that this node keeps of one remote repository: its place, and what marks its state.
struct Mirror: Sendable {
    /// The git directory.
    let path: String
    let url: RepositoryURL

    init(_ url: RepositoryURL, in directory: String) {
        self.url = url
        path = "\(directory)/\(url.mirrorName)"
    }

    /// Beside the mirror, so that it stays when the mirror is dropped.
    var lockPath: String { "\(path.dropLast(4)).lock" }

    /// There while the mirror holds the whole history of all branches and tags; else it holds single commits.
    private var completeMark: String { "\(path)/slipway-complete" }

    /// There when a reader found an object broken.
    private var damagedMark: String { "\(path)/slipway-damaged" }

    var isComplete: Bool { Files.exists(completeMark) }

    func markComplete() throws(BuildFailure) { try Files.writeAtomically([], to: completeMark) }

    /// Makes the next fetch drop the mirror.
    func markDamaged() throws(BuildFailure) {
        guard Directories.exists(path) else { return }
        try Files.writeAtomically([], to: damagedMark)
    }

    /// Opens the mirror or makes an empty one. One that cannot be used is dropped first, and the log says so.
    ///
    /// The caller holds the mirror's lock.
    func open(log: any BuildLog) throws(BuildFailure) -> Repository {
        if Directories.exists(path) {
            if let repository = try openExisting(log: log) { return repository }
            try drop()
        }
        do {
            return try Repository(creatingBareAt: path)
        } catch {
            throw BuildFailure(
                .platform,
                .system,
                operation: "git.mirror",
                message: "Cannot make a mirror in '\(path)'; check its owner and the free space.",
                cause: error.message,
                isRetryable: true
            )
        }
    }

    private func openExisting(log: any BuildLog) throws(BuildFailure) -> Repository? {
        if Files.exists(damagedMark) {
            log.say("The mirror of \(url.display) was found damaged; fetching it anew.", .cloning)
            return nil
        }
        guard try packCount() <= Self.maximumPacks else {
            log.say("The mirror of \(url.display) has grown into too many packs; fetching it anew.", .cloning)
            return nil
        }
        do {
            return try Repository(opening: path)
        } catch {
            log.say("The mirror of \(url.display) cannot be opened (\(error.message)); fetching it anew.", .cloning)
            return nil
        }
    }

    /// Every fetch adds a pack, and every look-up may have to ask each.
    private static let maximumPacks = 500

    /// Counts packs, and removes what fetches that did not end have left: the lock is held, so nobody writes one now.
    private func packCount() throws(BuildFailure) -> Int {
        let directory = "\(path)/objects/pack"
        guard Directories.exists(directory) else { return 0 }
        var count = 0
        for name in try Directories.list(directory) {
            if name.hasPrefix("pack_git2_") { try Directories.remove("\(directory)/\(name)") }
            if name.hasSuffix(".pack") { count += 1 }
        }
        return count
    }

    /// Removes the mirror; its files of Git LFS go when they are next asked for, by whoever has their lock.
    func drop() throws(BuildFailure) {
        try LargeFileStore(of: self).repository.markDamaged()
        try Directories.remove(path)
    }
}
