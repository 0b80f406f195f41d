package import BuildModel
internal import Glibc

extension Directories {
    /// Removes a directory and everything in it, whatever bytes its names are made of; nothing there is fine. Never follows
    /// a symbolic link.
    ///
    /// - Throws: `BuildFailure` with code `system` that names what could not be removed.
    package static func remove(_ path: String) throws(BuildFailure) {
        try remove(Array(path.utf8CString), at: AT_FDCWD, shown: path)
    }

    private static func remove(_ name: [CChar], at parent: Int32, shown: String) throws(BuildFailure) {
        if unsafe unlinkat(parent, name, 0) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw failure(shown) }
        let descriptor = unsafe openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(shown) }
        defer { close(descriptor) }
        for child in try names(in: descriptor, shown: shown) {
            try remove(child, at: descriptor, shown: "\(shown)/\(child.text)")
        }
        guard unsafe unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT else { throw failure(shown) }
    }

    /// The names in a directory as the file system has them, each with its terminating NUL.
    private static func names(in descriptor: Int32, shown: String) throws(BuildFailure) -> [[CChar]] {
        guard let stream = unsafe opendir("/proc/self/fd/\(descriptor)") else { throw failure(shown) }
        defer { unsafe closedir(stream) }
        var names: [[CChar]] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } + [0]
            }
            if name.text != "." && name.text != ".." { names.append(name) }
        }
        return names
    }

    private static func failure(_ path: String) -> BuildFailure {
        .system(errno: errno, operation: "directory.remove", message: "Cannot remove '\(path)'.")
    }
}
