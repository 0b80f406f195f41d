package import BuildModel
internal import Synchronization

/// Temporary directories of this process, known by name, so that none is left behind when the process ends early.
package enum ScratchDirectories {
    private struct Known {
        var paths: Set<String> = []
        var isOver = false
    }

    private static let known = Mutex(Known())

    /// Makes a directory that only this user may enter.
    ///
    /// - Parameter parent: where; nil for `TMPDIR`, else `/tmp`.
    /// - Throws: `BuildFailure` with code `system` that names the parent; `cancelled` in a process that is about to end.
    package static func create(in parent: String? = nil, prefix: String) throws(BuildFailure) -> String {
        let parent = parent ?? Directories.temporary
        return try known.withLock { (known) throws(BuildFailure) in
            guard !known.isOver else { throw .cancelled(operation: "scratch.create") }
            let path = try Directories.createTemporary(in: parent, prefix: prefix)
            known.paths.insert(path)
            return path
        }
    }

    /// Makes a directory under a name that the caller chose, which only this user may enter; what is there already is a failure.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the path; `cancelled` in a process that is about to end.
    package static func create(at path: String) throws(BuildFailure) {
        try known.withLock { (known) throws(BuildFailure) in
            guard !known.isOver else { throw .cancelled(operation: "scratch.create") }
            try Directories.createNew(path)
            known.paths.insert(path)
        }
    }

    /// Removes a directory that `create` made.
    package static func remove(_ path: String) {
        guard known.withLock({ $0.paths.contains(path) }) else { return }
        removeNow(path)
        // Only now: a process that ends in between still knows of it.
        known.withLock { _ = $0.paths.remove(path) }
    }

    /// Removes what is left, and lets nobody make another: called right before the process ends.
    package static func removeAll() {
        let left = known.withLock { known in
            known.isOver = true
            return known.paths
        }
        for path in left {
            // Somebody may still be writing into it, who then finds it gone at once.
            let name = path.split(separator: "/").last ?? ""
            let gone = "\(path.dropLast(name.count)).\(name)"
            removeNow((try? Files.rename(path, to: gone)) == nil ? path : gone)
        }
    }

    private static func removeNow(_ place: String) {
        // Whoever writes into it finds it gone in the end; a second look takes what came in between.
        for _ in 0..<100 {
            do {
                return try Directories.remove(place)
            } catch {
                continue
            }
        }
    }
}
