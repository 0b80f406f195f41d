package import BuildModel
internal import Glibc

extension Directories {
    /// Removes a directory and everything in it; nothing there is fine. Never follows a symbolic link.
    ///
    /// - Throws: `BuildFailure` with code `system` that names what could not be removed.
    package static func remove(_ path: String) throws(BuildFailure) {
        try remove(path, at: AT_FDCWD, shown: path)
    }

    private static func remove(_ name: String, at parent: Int32, shown: String) throws(BuildFailure) {
        if unsafe unlinkat(parent, name, 0) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw failure(shown) }
        let descriptor = unsafe openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(shown) }
        defer { close(descriptor) }
        for child in try list("/proc/self/fd/\(descriptor)") {
            try remove(child, at: descriptor, shown: "\(shown)/\(child)")
        }
        guard unsafe unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT else { throw failure(shown) }
    }

    private static func failure(_ path: String) -> BuildFailure {
        .system(errno: errno, operation: "directory.remove", message: "Cannot remove '\(path)'.")
    }
}
