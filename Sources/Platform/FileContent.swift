package import BuildModel
internal import Glibc

/// A regular file as the content of a blob, such as one in an OCI layout. The file must not change while it is used.
///
/// `@unchecked Sendable` is sound: descriptor and size never change, and `pread` has no position.
package final class FileContent: BlobContent, @unchecked Sendable {
    package let size: Int64
    private let descriptor: Int32

    /// Opens the file.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the path.
    package convenience init(path: String) throws(BuildFailure) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .system(errno: errno, operation: "file.open", message: "Cannot open '\(path)'.")
        }
        try self.init(adopting: descriptor, shown: path)
    }

    /// Takes over an open descriptor, which is closed if it is not a regular file's.
    init(adopting descriptor: Int32, shown path: String) throws(BuildFailure) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .system(errno: EINVAL, operation: "file.open", message: "'\(path)' is not a regular file.")
        }
        self.descriptor = descriptor
        size = Int64(status.st_size)
    }

    deinit { close(descriptor) }

    package func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(BuildFailure) -> Int {
        while true {
            let count = unsafe pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            if count >= 0 { return count }
            guard errno == EINTR else {
                throw .system(errno: errno, operation: "file.read", message: "Cannot read a file.")
            }
        }
    }
}
