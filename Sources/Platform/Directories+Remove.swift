package import BuildModel
internal import Glibc

extension Directories {
    /// Removes a directory and everything in it, whatever bytes its names are made of and however deep it is; nothing there is
    /// fine. Never follows a symbolic link.
    ///
    /// - Throws: `BuildFailure` with code `system` that names what could not be removed.
    package static func remove(_ path: String) throws(BuildFailure) {
        try remove(Array(path.utf8CString), at: AT_FDCWD, shown: path)
    }

    /// Goes no deeper than two levels: directories that are not empty are moved up first, so that neither the stack nor the
    /// limit on open files bounds the depth.
    static func remove(_ name: [CChar], at parent: Int32, shown: String) throws(BuildFailure) {
        if try removeAlone(name, at: parent, shown: shown) { return }
        let top = try open(name, at: parent, shown: shown)
        defer { close(top) }
        // What was moved up while the names were read may come after the last of them.
        while try each(
            in: top,
            shown: shown,
            { (child, path) throws(BuildFailure) in
                if try !removeAlone(child, at: top, shown: path) { try flatten(child, into: top, shown: path) }
            }
        ) {}
        guard unsafe unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT else { throw failure(shown) }
    }

    /// Removes a file or an empty directory.
    ///
    /// - Returns: false for a directory that is not empty.
    private static func removeAlone(_ name: [CChar], at parent: Int32, shown: String) throws(BuildFailure) -> Bool {
        if unsafe unlinkat(parent, name, 0) == 0 || errno == ENOENT { return true }
        guard errno == EISDIR || errno == EPERM else { throw failure(shown) }
        if unsafe unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT { return true }
        guard errno == ENOTEMPTY || errno == EEXIST else { throw failure(shown) }
        return false
    }

    /// Removes a directory in `top`, whose own directories that are not empty get names in `top`.
    private static func flatten(_ name: [CChar], into top: Int32, shown: String) throws(BuildFailure) {
        let descriptor = try open(name, at: top, shown: shown)
        defer { close(descriptor) }
        _ = try each(in: descriptor, shown: shown) { (child, path) throws(BuildFailure) in
            if try removeAlone(child, at: descriptor, shown: path) { return }
            let passing = "slipway-removed-\(UInt64.random(in: 0 ... .max))"
            guard unsafe renameat(descriptor, child, top, passing) == 0 || errno == ENOENT else { throw failure(path) }
        }
        _ = try removeAlone(name, at: top, shown: shown)
    }

    private static func open(_ name: [CChar], at parent: Int32, shown: String) throws(BuildFailure) -> Int32 {
        let descriptor = unsafe openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(shown) }
        return descriptor
    }

    /// Calls `body` with the names in a directory, each with its terminating NUL, and with its path for people.
    ///
    /// - Returns: false if there were none.
    private static func each(
        in descriptor: Int32,
        shown: String,
        _ body: ([CChar], String) throws(BuildFailure) -> Void
    ) throws(BuildFailure) -> Bool {
        var isEmpty = true
        try DirectoryNames.each(in: descriptor, orElse: { failure(shown) }) { (name) throws(BuildFailure) in
            isEmpty = false
            try body(name.map { CChar(bitPattern: $0) } + [0], "\(shown)/\(String(decoding: name, as: UTF8.self))")
        }
        return !isEmpty
    }

    private static func failure(_ path: String) -> BuildFailure {
        .system(errno: errno, operation: "directory.remove", message: "Cannot remove '\(path)'.")
    }
}
