internal import BuildModel
internal import Glibc

/// The names in an open directory, without `.` and `..`.
enum DirectoryNames {
    private static let (current, parent) = ([UInt8(ascii: ".")], Array("..".utf8))

    /// Calls `body` with the names as the file system has them, in its order. No more than one is held at a time: whoever wrote the
    /// tree chose how many there are. What is made meanwhile may be left out.
    ///
    /// - Parameters:
    ///   - descriptor: of the directory; its own place is not moved.
    ///   - failure: what is thrown if it cannot be read, made while `errno` says why.
    static func each(
        in descriptor: Int32,
        orElse failure: () -> BuildFailure,
        _ body: ([UInt8]) throws(BuildFailure) -> Void
    ) throws(BuildFailure) {
        let copy = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { throw failure() }
        guard let stream = unsafe fdopendir(copy) else {
            let reason = failure()
            close(copy)
            throw reason
        }
        defer { unsafe closedir(stream) }
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe Array(bytes.prefix { $0 != 0 })
            }
            if name != current && name != parent { try body(name) }
        }
    }
}
