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
        /// Nanoseconds since 1970.
        var lastUse: Int64
    }

    private static let doomed = ".removed"

    /// Removes repositories that were not used for `age`, and, longest unused first, what is over the budget. What a fetch uses stays,
    /// and what one has used within `recent`: a build may be reading from it, which takes no lock. All can be fetched again.
    ///
    /// - Throws: `BuildFailure` with code `system`.
    package func collect(budget: Int64, age: Duration, recent: Duration) async throws -> Collection {
        try await pool.run { [directory = settings.directory] in
            for name in try Directories.list(directory) where name.hasSuffix(Self.doomed) {
                try Directories.remove("\(directory)/\(name)")
            }
            let now = SystemInformation.currentMilliseconds + 1
            let (oldest, newest) = ((now - age.milliseconds) * 1_000_000, (now - recent.milliseconds) * 1_000_000)
            let kept = try Self.repositories(in: directory).sorted { $0.lastUse < $1.lastUse }
            var result = Collection(keptBytes: kept.reduce(0) { $0.addingWithoutOverflow($1.bytes) })
            for one in kept where one.lastUse < newest && (one.lastUse < oldest || result.keptBytes > budget) {
                guard try Self.remove(one) else { continue }
                result.removed += 1
                result.removedBytes += one.bytes
                result.keptBytes -= one.bytes
            }
            return result
        }
    }

    private static func repositories(in directory: String) throws(BuildFailure) -> [Kept] {
        var kept: [Kept] = []
        for name in try Directories.list(directory) where name.hasSuffix(".git") {
            let (repository, lock) = ("\(directory)/\(name)", "\(directory)/\(name.dropLast(4)).lock")
            let bytes = try Directories.treeSize(repository)
            kept.append(Kept(repository: repository, lock: lock, bytes: bytes, lastUse: lastUse(lock)))
        }
        return kept
    }

    /// Whoever takes the lock touches it.
    private static func lastUse(_ lock: String) -> Int64 { Directories.state(of: lock)?.modified ?? 0 }

    /// - Returns: false if somebody uses it, or has since.
    private static func remove(_ kept: Kept) throws(BuildFailure) -> Bool {
        guard let lock = try FileLock.attempt(kept.lock, .exclusive) else { return false }
        return try withExtendedLifetime(lock) { () throws(BuildFailure) in
            guard kept.lastUse == 0 || lastUse(kept.lock) == kept.lastUse else { return false }
            // In one step: what is half removed must not be taken for a repository.
            try Files.rename(kept.repository, to: kept.repository + doomed)
            try Directories.remove(kept.repository + doomed)
            return true
        }
    }
}
