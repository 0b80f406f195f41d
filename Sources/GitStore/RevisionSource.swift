package import BuildModel
internal import Platform

/// Where the files of a revision can be read: a mirror of this node, or a repository of this machine.
package protocol RevisionSource: Sendable {
    /// Lends the tree of a revision that came from this source.
    ///
    /// `body` runs on a thread of its own pool with its own handles and may take long. When the surrounding task is
    /// cancelled, the tree's methods throw.
    ///
    /// - Throws: what `body` throws, or `BuildFailure` with code `damaged` or `cancelled`.
    func withTree<Value: Sendable>(
        of revision: Revision,
        _ body: @escaping @Sendable (any StoredTree) throws -> Value
    ) async throws -> Value

    /// The same commit, of which a directory is built.
    ///
    /// - Parameter directory: relative to the revision's own.
    /// - Throws: `BuildFailure` with code `root_directory_not_found`, `damaged` or `cancelled`.
    func revision(_ revision: Revision, at directory: String) async throws -> Revision

    /// The paths that a revision and the commits before it changed, each commit against its first parent; relative to the
    /// revision's tree. As far as commits are here: a mirror may have no more than the newest.
    ///
    /// - Parameter limit: commits at most.
    func changes(before revision: Revision, limit: Int) async throws -> [[[UInt8]]]

    /// Files with a name in the directories above a revision's root directory, by their paths from the revision's top. Where that
    /// is within a submodule, those of the submodule: what a repository says of its files says nothing of another's.
    ///
    /// - Parameter limit: the most bytes that one may have.
    /// - Throws: `BuildFailure`: `limit_exceeded` for a larger file, `damaged`, `cancelled`.
    func files(named name: String, above revision: Revision, limit: Int64) async throws -> [String: [UInt8]]
}

/// Reading trees off the cooperative pool.
enum TreeReading {
    private static let pool = BlockingPool(label: "git.trees", width: max(4, SystemInformation.processorCount * 2))

    /// Starts the library on a thread of its own.
    static func startEarly() { pool.submit { try? Library.start() } }

    /// Runs `body` with a repository that `open` opens on the same thread.
    static func run<Value: Sendable>(
        opening open: @escaping @Sendable () throws -> Repository,
        _ body: @escaping @Sendable (Repository, CancelFlag) throws -> Value
    ) async throws -> Value {
        let flag = CancelFlag()
        return try await flag.whileRunning {
            try await pool.run {
                try Library.start()
                return try MemoryBudget.limitReading("the repository") { try body(try open(), flag) }
            }
        }
    }

    /// What `body` makes of each number up to `count`, in any order, on a thread for each processor. When one throws, the others end.
    static func each<Value: Sendable>(
        of count: Int,
        _ body: @escaping @Sendable (Int) throws -> Value
    ) async throws -> [Value] {
        let width = min(SystemInformation.processorCount, count)
        let flag = CancelFlag()
        return try await flag.whileRunning {
            try await withThrowingTaskGroup(of: [Value].self) { group in
                for first in 0..<width {
                    group.addTask {
                        try await pool.run {
                            try stride(from: first, to: count, by: width).map { number in
                                guard !flag.isSet else { throw BuildFailure.cancelled(operation: "git.read") }
                                return try body(number)
                            }
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
        }
    }

    /// Runs `body` with the tree of a revision.
    static func withTree<Value: Sendable>(
        of revision: Revision,
        maximumBlobBytes: Int64,
        details: SourceDetails = .none,
        opening open: @escaping @Sendable () throws -> Repository,
        _ body: @escaping @Sendable (any StoredTree) throws -> Value
    ) async throws -> Value {
        try await run(opening: open) { repository, flag in
            do {
                let tree = try ObjectTree(
                    repository,
                    root: revision.tree,
                    maximumBlobBytes: maximumBlobBytes,
                    details: details,
                    cancelFlag: flag
                )
                return try body(tree)
            } catch let error as LibraryError {
                throw error.damage("The local copy of commit \(revision.commit)")
            }
        }
    }
}
