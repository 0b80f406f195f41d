internal import BuildModel
internal import Platform

extension Mirrors {
    /// What was removed, and what is left, in repositories: mirrors, files of Git LFS beside them, and joined trees.
    package struct Collection: Sendable, Hashable {
        package var removed = 0
        package var removedBytes: Int64 = 0
        package var keptBytes: Int64 = 0
    }

    private struct Kept {
        var repository: String
        var lock: String
        var bytes: Int64
        /// When its lock was last taken, in nanoseconds since 1970; 0 if it has none.
        var locked: Int64
        /// The same, or when it last got objects: what another version of this program keeps may have locks that nobody touches.
        var lastUse: Int64
    }

    private static let doomed = ".removed"
    /// Touched whenever somebody collects.
    private static let mark = "collected"

    /// Whether repositories are kept in a directory, and nobody has collected there within `pause`: for those who come and go. A look at
    /// one file. Since when the next one may, this one need not have come to an end: what failed is not tried each time.
    package static func isCollectionDue(in directory: String, every pause: Duration) -> Bool {
        guard Directories.exists(directory) else { return false }
        guard let last = Directories.state(of: "\(directory)/\(mark)")?.modified else { return true }
        let now = SystemInformation.currentMilliseconds
        // A mark of the future is one of a clock that was wrong.
        return !(now - pause.milliseconds...now + pause.milliseconds).contains(last / 1_000_000)
    }

    /// Removes repositories that were not used for `age`, and, longest unused first, what is over the budget. What a fetch uses stays,
    /// and what one has used within `recent`: a build may be reading from it, which takes no lock. All can be fetched again. Of
    /// directories outside git that are built again and again, what they no longer have goes.
    ///
    /// - Throws: `BuildFailure` with code `system`.
    package func collect(budget: Int64, age: Duration, recent: Duration) async throws -> Collection {
        let cancellation = CancelFlag()
        return try await cancellation.whileRunning {
            try await pool.run { [directory = settings.directory] in
                try Files.writeInOneStep([], to: "\(directory)/\(Self.mark)")
                for name in try Directories.list(directory) where name.hasSuffix(Self.doomed) {
                    try Directories.remove("\(directory)/\(name)")
                }
                try Self.prune(in: directory, recent, cancellation)
                let now = SystemInformation.currentMilliseconds + 1
                let (oldest, newest) = ((now - age.milliseconds) * 1_000_000, (now - recent.milliseconds) * 1_000_000)
                let kept = try Self.repositories(in: directory, budget, cancellation)
                return try Self.remove(kept, over: budget, oldest: oldest, newest: newest, cancellation)
            }
        }
    }

    /// Removes what directories outside git had at some time from their copies.
    private static func prune(in directory: String, _ recent: Duration, _ cancellation: CancelFlag) throws {
        for name in try Directories.list(directory) where name.hasSuffix(KeptImport.suffix) {
            do {
                try KeptImport(at: "\(directory)/\(name)").prune(recent: recent, cancellation)
            } catch {
                guard !cancellation.isSet else { throw BuildFailure.cancelled(operation: "git.collect") }
                // What cannot be read stays: a build that wants it tells, and it goes when none does.
            }
        }
    }

    private static func remove(
        _ kept: [Kept],
        over budget: Int64,
        oldest: Int64,
        newest: Int64,
        _ cancellation: CancelFlag
    ) throws(BuildFailure) -> Collection {
        var result = Collection(keptBytes: kept.reduce(0) { $0.addingWithoutOverflow($1.bytes) })
        var gone: Set<String> = []
        func go(_ one: Kept) throws(BuildFailure) {
            guard !gone.contains(one.repository), try remove(one) else { return }
            gone.insert(one.repository)
            result.removed += 1
            result.removedBytes += one.bytes
            result.keptBytes -= one.bytes
        }
        for one in kept.sorted(by: { $0.lastUse < $1.lastUse })
        where one.lastUse < newest && (one.lastUse < oldest || result.keptBytes > budget) {
            guard !cancellation.isSet else { throw .cancelled(operation: "git.collect") }
            try go(one)
            guard gone.contains(one.repository) else { continue }
            // What stands beside a mirror has objects of it by reference, and is nothing without it.
            for other in kept where other.repository.hasPrefix(one.repository.dropLast(4) + "-") { try go(other) }
        }
        return result
    }

    private static func repositories(
        in directory: String,
        _ budget: Int64,
        _ cancellation: CancelFlag
    ) throws(BuildFailure) -> [Kept] {
        var kept: [Kept] = []
        for name in try Directories.list(directory) where name.hasSuffix(".git") {
            let (repository, lock) = ("\(directory)/\(name)", "\(directory)/\(name.dropLast(4)).lock")
            let size = try Directories.treeSize(repository, cancellation: cancellation)
            // One that has more than is counted must not make all others go.
            let (bytes, locked) = (size == .max ? budget : size, modified(lock))
            let lastUse = max(locked, modified(repository), modified("\(repository)/objects/pack"))
            kept.append(
                Kept(repository: repository, lock: lock, bytes: bytes, locked: locked, lastUse: lastUse)
            )
        }
        return kept
    }

    /// Whoever takes a lock touches it.
    private static func modified(_ path: String) -> Int64 {
        guard let time = FileStatus(at: Array(path.utf8CString))?.modified else { return 0 }
        return time.seconds * 1_000_000_000 + time.nanoseconds
    }

    /// - Returns: false if somebody uses it, or has since.
    private static func remove(_ kept: Kept) throws(BuildFailure) -> Bool {
        guard let lock = try FileLock.attempt(kept.lock, .exclusive) else { return false }
        return try withExtendedLifetime(lock) { () throws(BuildFailure) in
            guard kept.locked == 0 || modified(kept.lock) == kept.locked else { return false }
            // Another process may have collected meanwhile.
            guard Directories.exists(kept.repository) else { return false }
            // In one step: what is half removed must not be taken for a repository.
            try Files.rename(kept.repository, to: kept.repository + doomed)
            try Directories.remove(kept.repository + doomed)
            return true
        }
    }
}
