internal import BuildModel
internal import Glibc

/// An open file that several processes append to, under a lock that the system gives back when one of them dies.
final class JournalFile: Sendable {
    private let descriptor: Int32
    private let path: String
    private let inode: UInt64

    /// Opens the file at `path`, which is made if it is not there.
    init(_ path: String) throws(BuildFailure) {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("Cannot open '\(path)'.") }
        self.descriptor = descriptor
        self.path = path
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            let failure = Self.failure("Cannot look at '\(path)'.")
            close(descriptor)
            throw failure
        }
        inode = UInt64(status.st_ino)
    }

    deinit { close(descriptor) }

    /// Whether the path still names this file: whoever shortens a journal puts another in its place.
    var isCurrent: Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && UInt64(status.st_ino) == inode
    }

    /// Opens the file that the path names and keeps all others out of it until `unlock`.
    ///
    /// - Parameter patience: how long it blocks at most.
    static func locked(_ path: String, within patience: Duration) throws(BuildFailure) -> JournalFile {
        let end = Deadline(after: patience)
        while true {
            let file = try JournalFile(path)
            while flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
                guard errno == EWOULDBLOCK || errno == EINTR, !end.hasPassed else {
                    throw failure("Cannot lock '\(path)', which another process may have locked.")
                }
                usleep(500)
            }
            if file.isCurrent { return file }
        }
    }

    func unlock() { flock(descriptor, LOCK_UN) }

    /// Everything from `offset` on.
    func bytes(from offset: Int64) throws(BuildFailure) -> [UInt8] {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure("Cannot look at '\(path)'.") }
        var bytes = [UInt8](repeating: 0, count: max(0, Int(Int64(status.st_size) - offset)))
        var filled = 0
        while filled < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe pread(
                    descriptor,
                    buffer.baseAddress?.advanced(by: filled),
                    buffer.count - filled,
                    off_t(offset) + off_t(filled)
                )
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Self.failure("Cannot read '\(path)'.") }
            guard count > 0 else { break }
            filled += count
        }
        return Array(bytes.prefix(filled))
    }

    /// Appends bytes at the end, wherever that is by now.
    func append(_ bytes: [UInt8]) throws(BuildFailure) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe write(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Self.failure("Cannot write \(bytes.count) bytes to '\(path)'.") }
            written += count
        }
    }

    /// Bytes in the file.
    func size() throws(BuildFailure) -> Int64 {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure("Cannot look at '\(path)'.") }
        return Int64(status.st_size)
    }

    private static func failure(_ message: String) -> BuildFailure {
        .system(errno: errno, operation: "journal", message: message)
    }
}
