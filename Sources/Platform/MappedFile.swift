package import BuildModel
internal import Glibc

/// A whole file in memory, read-only, by mmap(2): for indexes that are looked into here and there. The file must not be cut short
/// while it is used; git and the like replace files instead.
///
/// Owns the mapping; unmapped with the last reference. `@unchecked Sendable` is sound: nothing in it ever changes.
@safe
package final class MappedFile: @unchecked Sendable {
    /// Valid as long as this object; do not keep it longer.
    package let bytes: UnsafeRawBufferPointer

    /// - Throws: `BuildFailure` with code `system` that names the path.
    package init(path: String) throws(BuildFailure) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .system(errno: errno, operation: "file.open", message: "Cannot open '\(path)'.")
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .system(errno: EINVAL, operation: "file.open", message: "'\(path)' is not a regular file.")
        }
        let size = Int(status.st_size)
        guard size > 0 else {
            unsafe bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let start = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), unsafe start != MAP_FAILED
        else {
            throw .system(errno: errno, operation: "file.open", message: "Cannot map '\(path)'.")
        }
        unsafe bytes = UnsafeRawBufferPointer(start: start, count: size)
    }

    deinit {
        if let start = unsafe bytes.baseAddress { unsafe munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    }
}
