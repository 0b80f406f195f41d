package import BuildModel
internal import Platform

/// Directories of this node that outlive builds: caches of package managers, one for each owner and name.
///
/// A step has its cache alone. When another has it, one that is locked is waited for; otherwise the step gets a copy of what that
/// one does not touch, which goes with the step.
package struct StepCaches: Sendable {
    let directory: String
    /// Who owns the caches on disk; the steps' root.
    let fileOwner: UInt32
    /// Bytes of one cache; one that has grown past it is emptied.
    let limit: Int64
    /// Bytes of all; the ones that were not used the longest go.
    let total: Int64

    package init(directory: String, fileOwner: UInt32 = 0, limit: Int64, total: Int64) throws(BuildFailure) {
        // Steps write with the ids of the node, also files that run with their owner's rights.
        try Directories.create(directory, mode: 0o700)
        try Directories.setMode(directory, 0o700)
        self.directory = directory
        self.fileOwner = fileOwner
        self.limit = limit
        self.total = total
    }

    /// A cache that a step has, until the last reference to it goes.
    final class Hold: Sendable {
        let mount: CacheMount
        let directory: String
        /// nil if the directory is the step's own.
        private let lock: FileLock?

        init(_ mount: CacheMount, directory: String, lock: FileLock?) {
            self.mount = mount
            self.directory = directory
            self.lock = lock
        }

        var isShared: Bool { lock != nil }
    }

    /// The most bytes that a cache may have while a step runs: it has room to clean up after itself.
    var bound: Int64 { limit.addingWithoutOverflow(limit) }

    /// All caches of a step, in the order of its mounts. They are locked by name, so that two steps never wait for each other.
    ///
    /// - Parameter whenBusy: called with the name of a cache that another step has, and that is waited for.
    /// - Throws: `BuildFailure` with code `invalid_plan` if two mounts have one name.
    func hold(
        _ mounts: [CacheMount],
        owner: String,
        _ scratch: String,
        whenBusy: (String) -> Void
    ) async throws -> [Hold] {
        var holds: [String: Hold] = [:]
        for mount in mounts.sorted(by: { $0.name < $1.name }) {
            guard holds[mount.name] == nil else {
                throw BuildFailure(
                    .code,
                    BuildFailure.Code(rawValue: "invalid_plan"),
                    operation: "steps.caches",
                    message: "A step has two caches with the name '\(mount.name)'. Give each a name of its own."
                )
            }
            holds[mount.name] = try await hold(mount, owner: owner, scratch: scratch, whenBusy: whenBusy)
        }
        return mounts.compactMap { holds[$0.name] }
    }

    /// - Parameters:
    ///   - owner: whose cache it is; nobody else's steps ever see it.
    ///   - scratch: an existing directory for the copy of a cache that is busy.
    private func hold(
        _ mount: CacheMount,
        owner: String,
        scratch: String,
        whenBusy: (String) -> Void
    ) async throws -> Hold {
        let name = "\(Digest(of: owner).hex.prefix(32))-\(mount.name)"
        let lockPath = "\(directory)/\(name).lock"
        var lock = try FileLock.attempt(lockPath, .exclusive)
        if lock == nil, mount.isLocked {
            whenBusy(mount.name)
            lock = try await FileLock.take(lockPath, .exclusive, operation: "steps.cache")
        }
        guard let lock else {
            let own = "\(scratch)/cache-\(mount.name)"
            try Directories.create(own)
            await copy(name, to: own)
            try Directories.setOwner(own, fileOwner)
            return Hold(mount, directory: own, lock: nil)
        }
        try Directories.create("\(directory)/\(name)")
        try Directories.setOwner("\(directory)/\(name)", fileOwner)
        try Files.touch(lockPath)
        return Hold(mount, directory: "\(directory)/\(name)", lock: lock)
    }

    /// An empty cache costs the step time and changes nothing else, so a copy that fails is no failure.
    private func copy(_ name: String, to own: String) async {
        let cancellation = CancelFlag()
        try? await cancellation.whileRunning {
            try await Self.copiers.run { [directory, limit] in
                let taken = try DirectoryHandle(path: directory).status(of: Array("\(name).lock".utf8))
                guard let since = taken?.modified, Directories.exists("\(directory)/\(name)") else { return }
                try StepCacheCopy.copy(
                    "\(directory)/\(name)",
                    to: own,
                    since: since,
                    limit: limit,
                    cancellation: cancellation
                )
            }
        }
    }

    private static let copiers = BlockingPool(label: "steps.caches", width: 2)

    /// Looks at what a step left in a cache, while it is still held: one that is too large, or cannot be looked at, is emptied.
    ///
    /// - Throws: `BuildFailure` with code `system` that names what cannot be removed.
    func settle(_ hold: Hold) throws(BuildFailure) {
        guard hold.isShared else { return }
        guard let size = try? Directories.treeSize(hold.directory), size <= limit else {
            return try Directories.remove(hold.directory)
        }
    }

    /// Removes caches that were not used the longest while all are too large. Those in use stay.
    package func collect() throws(BuildFailure) {
        let locks = try Directories.files(in: directory).filter { $0.name.hasSuffix(".lock") }
        var sizes: [String: Int64] = [:]
        for lock in locks {
            let size = (try? Directories.treeSize(path(of: lock.name))) ?? .max
            if size <= limit { sizes[lock.name] = size } else { try remove(lock.name) }
        }
        var sum = sizes.values.reduce(Int64(0)) { $0.addingWithoutOverflow($1) }
        for lock in locks.sorted(by: { $0.modified < $1.modified }) where sum > total {
            guard let size = sizes[lock.name], try remove(lock.name) else { continue }
            sum -= size
        }
    }

    /// - Returns: false if a step has the cache.
    @discardableResult
    private func remove(_ lock: String) throws(BuildFailure) -> Bool {
        guard let held = try FileLock.attempt("\(directory)/\(lock)", .exclusive) else { return false }
        try Directories.remove(path(of: lock))
        try held.removeFile()
        return true
    }

    private func path(of lock: String) -> String { "\(directory)/\(lock.dropLast(5))" }
}
