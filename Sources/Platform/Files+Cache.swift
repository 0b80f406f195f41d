package import BuildModel
internal import CShims
internal import Glibc

extension Files {
    /// Sets a file's times to now: whoever sweeps a cache by age leaves it alone.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the path.
    package static func touch(_ path: String) throws(BuildFailure) {
        guard unsafe utimensat(AT_FDCWD, path, nil, 0) == 0 else {
            throw .system(errno: errno, operation: "file.touch", message: "Cannot touch '\(path)'.")
        }
    }

    /// Removes a file; one that is gone already is fine.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the path.
    package static func remove(_ path: String) throws(BuildFailure) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else {
            throw .system(errno: errno, operation: "file.remove", message: "Cannot remove '\(path)'.")
        }
    }

    /// Moves a file or directory to another name on the same file system, in one step.
    ///
    /// - Throws: `BuildFailure` with code `system` that names both.
    package static func rename(_ path: String, to other: String) throws(BuildFailure) {
        guard unsafe Glibc.rename(path, other) == 0 else {
            throw .system(errno: errno, operation: "file.rename", message: "Cannot move '\(path)' to '\(other)'.")
        }
    }

    /// Puts a file in its place in one step, without waiting for the disk: after a loss of power it may be empty or torn, so
    /// readers have to check it. For caches. The parts are written one after another.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the path; retryable when the disk is full.
    package static func writeInOneStep(_ parts: [UInt8]..., to path: String) throws(BuildFailure) {
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max))"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .system(errno: errno, operation: "file.write", message: "Cannot write '\(path)'.")
        }
        let error = parts.reduce(0) { error, part in error == 0 ? writeAll(part, to: descriptor) : error }
        close(descriptor)
        guard error == 0, unsafe Glibc.rename(temporary, path) == 0 else {
            let reason = error == 0 ? errno : error
            unsafe unlink(temporary)
            throw .system(errno: reason, operation: "file.write", message: "Cannot write '\(path)'.")
        }
    }
}

extension Directories {
    /// Waits until the disk has everything that was written to the file system of a directory.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the directory.
    package static func syncFileSystem(of path: String) throws(BuildFailure) {
        let directory = try DirectoryHandle(path: path)
        let result = withExtendedLifetime(directory) { slipway_sync_file_system(directory.descriptor) }
        guard result == 0 else {
            throw .system(errno: -result, operation: "directory.sync", message: "Cannot sync the disk of '\(path)'.")
        }
    }

    /// A regular file of a directory.
    package struct File: Sendable, Hashable {
        package var name: String
        /// Bytes.
        package var size: Int64
        /// When it was last written or touched: nanoseconds since 1970.
        package var modified: Int64

        fileprivate init(name: String, _ status: stat) {
            self.name = name
            size = Int64(status.st_size)
            modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        }
    }

    /// What stat(2) says of a regular file, or of the one that a link leads to; nil for anything else.
    package static func state(of path: String) -> File? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return File(name: path, status)
    }

    /// The regular files in a directory; those that vanish meanwhile are left out.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the directory.
    package static func files(in directory: String) throws(BuildFailure) -> [File] {
        try list(directory).compactMap { name in
            var status = stat()
            guard unsafe lstat("\(directory)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                return nil
            }
            return File(name: name, status)
        }
    }
}
