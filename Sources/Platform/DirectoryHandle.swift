package import BuildModel
internal import Glibc

/// An open directory: what is done with the names in it happens in this very directory, whatever its path means by now, and never
/// follows a symbolic link.
///
/// For trees that were written by somebody else. Names are bytes without a slash. `Sendable`: the descriptor never changes.
package final class DirectoryHandle: Sendable {
    let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Opens a directory at a path that can be trusted: links in it are followed.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the path.
    package convenience init(path: String) throws(BuildFailure) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .system(errno: errno, operation: "directory.open", message: "Cannot open the directory '\(path)'.")
        }
        self.init(descriptor: descriptor)
    }

    /// Opens a directory in this one.
    ///
    /// - Throws: `BuildFailure` with code `system` if the name is something else.
    package func directory(_ name: [UInt8]) throws(BuildFailure) -> DirectoryHandle {
        let opened = unsafe openat(descriptor, Self.cString(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard opened >= 0 else { throw failure("open the directory", name) }
        return DirectoryHandle(descriptor: opened)
    }

    /// Another handle for the same directory.
    package func duplicate() throws(BuildFailure) -> DirectoryHandle {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw failure("open again a directory", []) }
        return DirectoryHandle(descriptor: copy)
    }

    /// The names in the directory, sorted by their bytes, without `.` and `..`.
    ///
    /// - Throws: `BuildFailure` with code `system`; `limit_exceeded` if there are more than `limit`.
    package func names(limit: Int = .max) throws(BuildFailure) -> [[UInt8]] {
        var names: [[UInt8]] = []
        try eachName { (name) throws(BuildFailure) in
            guard names.count < limit else {
                throw BuildFailure(
                    .code,
                    .limitExceeded,
                    operation: "directory.list",
                    message: "A directory has more than \(limit) entries, too many here."
                )
            }
            names.append(name)
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Calls `body` with the names in the directory as they come, without `.` and `..`: memory does not grow with them.
    ///
    /// - Throws: `BuildFailure` with code `system`, or what `body` throws.
    package func eachName(_ body: ([UInt8]) throws(BuildFailure) -> Void) throws(BuildFailure) {
        try DirectoryNames.each(in: descriptor, orElse: { failure("list a directory", []) }, body)
    }

    /// What the name is; nil if there is no such name.
    package func status(of name: [UInt8]) throws(BuildFailure) -> FileStatus? {
        var status = stat()
        guard unsafe fstatat(descriptor, Self.cString(name), &status, AT_SYMLINK_NOFOLLOW) != 0 else {
            return FileStatus(status)
        }
        guard errno == ENOENT else { throw failure("look at", name) }
        return nil
    }

    /// What the directory itself is.
    package func status() throws(BuildFailure) -> FileStatus {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure("look at a directory", []) }
        return FileStatus(status)
    }

    /// A symbolic link's target.
    package func linkTarget(of name: [UInt8]) throws(BuildFailure) -> [UInt8] {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlinkat(descriptor, Self.cString(name), &target, target.count)
        guard count >= 0 else { throw failure("read the link", name) }
        return target.prefix(count).map { UInt8(bitPattern: $0) }
    }

    /// Opens a regular file for reading.
    package func file(_ name: [UInt8]) throws(BuildFailure) -> FileContent {
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        let opened = unsafe openat(descriptor, Self.cString(name), flags)
        guard opened >= 0 else { throw failure("open", name) }
        return try FileContent(adopting: opened, shown: Self.shown(name))
    }

    static func cString(_ name: [UInt8]) -> [CChar] {
        var characters = name.map { CChar(bitPattern: $0) }
        characters.append(0)
        return characters
    }

    /// A name for people: what would move a terminal's cursor is replaced.
    static func shown(_ name: [UInt8]) -> String {
        let text = String(decoding: name.prefix(200), as: UTF8.self)
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 ? "\u{fffd}" : $0 }))
    }

    func failure(_ action: String, _ name: [UInt8]) -> BuildFailure {
        let error = errno
        let object = name.isEmpty ? "" : " '\(Self.shown(name))'"
        return .system(errno: error, operation: "directory.use", message: "Cannot \(action)\(object).")
    }
}
