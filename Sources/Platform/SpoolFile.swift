package import BuildModel
internal import CShims
internal import Glibc

/// A nameless file: written once from front to back, read from anywhere, gone with its last reference, whatever happens to the process.
///
/// `@unchecked Sendable` is sound: the descriptor never changes, appending is done by one owner before the file is shared, and
/// reading uses `pread`, which has no position.
package final class SpoolFile: BlobContent, @unchecked Sendable {
    private let descriptor: Int32
    private var length: Int64 = 0

    /// Opens an empty spool.
    ///
    /// - Parameter directory: an existing directory on the file system that is to hold the bytes.
    /// - Throws: `BuildFailure` with code `system` that names the directory.
    package init(in directory: String) throws(BuildFailure) {
        let result = unsafe slipway_open_unlinked(directory)
        guard result >= 0 else {
            throw .system(
                errno: -result,
                operation: "spool.open",
                message: "Cannot make a spool file in '\(directory)'."
            )
        }
        descriptor = result
    }

    deinit { close(descriptor) }

    package var size: Int64 { length }

    /// Appends all bytes.
    ///
    /// - Throws: `BuildFailure` with code `system`, retryable when the disk is full.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(BuildFailure) {
        var rest = unsafe bytes
        while let base = rest.baseAddress, rest.count > 0 {
            let written = unsafe pwrite(descriptor, base, rest.count, off_t(length))
            if written < 0 {
                if errno == EINTR { continue }
                throw .system(
                    errno: errno,
                    operation: "spool.write",
                    message: "Cannot write \(rest.count) bytes to a spool file."
                )
            }
            length += Int64(written)
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[written..<rest.count])
        }
    }

    /// Syncs the file and gives it a name in the file system that it lies on, in place of what had that name before. It can still be
    /// read, and given further names.
    ///
    /// - Returns: false if that cannot be done here: another file system, or one on which files without a name cannot get one.
    /// - Throws: `BuildFailure` with code `system` that names the path.
    package func commit(as path: String, mode: UInt32 = 0o644) throws(BuildFailure) -> Bool {
        let passing = "\(path).\(getpid()).\(UInt64.random(in: 0 ... .max))"
        guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0 else { throw Self.cannotName(path) }
        let linked = unsafe linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, passing, AT_SYMLINK_FOLLOW)
        guard linked == 0 else {
            guard errno == EXDEV || errno == ENOENT || errno == EPERM else { throw Self.cannotName(path) }
            return false
        }
        guard unsafe rename(passing, path) == 0 else {
            let failure = Self.cannotName(path)
            unsafe unlink(passing)
            throw failure
        }
        return true
    }

    private static func cannotName(_ path: String) -> BuildFailure {
        .system(errno: errno, operation: "spool.commit", message: "Cannot write '\(path)'.")
    }

    package func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(BuildFailure) -> Int {
        while true {
            let count = unsafe pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            if count >= 0 { return count }
            guard errno == EINTR else {
                throw .system(errno: errno, operation: "spool.read", message: "Cannot read a spool file.")
            }
        }
    }
}
