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
