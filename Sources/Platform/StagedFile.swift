package import BuildModel
internal import Glibc

/// A file that gets its name only when it is whole: written under a passing name on the same file system, then renamed.
///
/// Confined to one thread. Without `commit` nothing is left of it.
package final class StagedFile {
    private let descriptor: Int32
    private let temporaryPath: String
    private var isCommitted = false

    /// Opens an empty file.
    ///
    /// - Parameters:
    ///   - directory: holds the passing name, which begins with `prefix`; on the file system of the final path.
    ///   - prefix: lets readers of the directory tell the file from others.
    /// - Throws: `BuildFailure` with code `system` that names the directory.
    package init(in directory: String, prefix: String) throws(BuildFailure) {
        let path = "\(directory)/\(prefix)\(getpid()).\(UInt64.random(in: 0 ... .max))"
        let opened = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard opened >= 0 else { throw Self.failure("Cannot make a file in '\(directory)'.") }
        descriptor = opened
        temporaryPath = path
    }

    deinit {
        close(descriptor)
        if !isCommitted { unsafe unlink(temporaryPath) }
    }

    /// Appends all bytes.
    ///
    /// - Throws: `BuildFailure` with code `system`.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(BuildFailure) {
        var written = 0
        while written < bytes.count {
            let count = unsafe write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Self.failure("Cannot write \(bytes.count) bytes to '\(temporaryPath)'.") }
            written += count
        }
    }

    /// Syncs the file and gives it its name, in place of what had it before.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the path.
    package func commit(as path: String, mode: UInt32 = 0o644) throws(BuildFailure) {
        guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0, unsafe rename(temporaryPath, path) == 0 else {
            throw Self.failure("Cannot write '\(path)'.")
        }
        isCommitted = true
    }

    private static func failure(_ message: String) -> BuildFailure {
        .system(errno: errno, operation: "file.write", message: message)
    }
}
