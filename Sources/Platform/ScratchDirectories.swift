package import BuildModel
internal import Synchronization

/// Temporary directories of this process, known by name, so that none is left behind when the process ends early.
package enum ScratchDirectories {
    private static let paths = Mutex<Set<String>>([])

    /// Makes a directory that only this user may enter.
    ///
    /// - Parameter parent: where; nil for `TMPDIR`, else `/tmp`.
    /// - Throws: `BuildFailure` with code `system` that names the parent.
    package static func create(in parent: String? = nil, prefix: String) throws(BuildFailure) -> String {
        let parent = parent ?? Directories.temporary
        let path = try Directories.createTemporary(in: parent, prefix: prefix)
        paths.withLock { _ = $0.insert(path) }
        return path
    }

    /// Makes a directory under a name that the caller chose, which only this user may enter; what is there already is a failure.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the path.
    package static func create(at path: String) throws(BuildFailure) {
        try Directories.createNew(path)
        paths.withLock { _ = $0.insert(path) }
    }

    /// Removes a directory that `create` made.
    package static func remove(_ path: String) {
        guard paths.withLock({ $0.contains(path) }) else { return }
        removeNow(path)
        // Only now: a process that ends in between still knows of it.
        paths.withLock { _ = $0.remove(path) }
    }

    /// Removes what is left: called right before the process ends.
    package static func removeAll() {
        for path in paths.withLock({ $0 }) { remove(path) }
    }

    private static func removeNow(_ path: String) {
        // Somebody may still be writing into it, who then finds it gone; a second look takes what came in between.
        for _ in 0..<100 {
            do {
                return try Directories.remove(path)
            } catch {
                continue
            }
        }
    }
}
