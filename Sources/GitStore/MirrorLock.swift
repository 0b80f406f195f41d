internal import BuildModel
internal import Glibc
internal import Platform

/// The right to change a mirror, held by one fetch of all processes of the node: an `flock`, which the system gives back even
/// when a process is killed. It works between threads too, since every lock has a file description of its own.
final class MirrorLock: Sendable {
    private let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Waits for the lock without holding a thread.
    ///
    /// - Throws: `BuildFailure` with code `system`, or `CancellationError`.
    static func acquire(_ path: String) async throws -> MirrorLock {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw BuildFailure(
                .platform,
                .system,
                operation: "git.lock",
                message: "Cannot open the lock '\(path)'.",
                cause: reason,
                isRetryable: true
            )
        }
        let lock = MirrorLock(descriptor: descriptor)
        var pause = Duration.milliseconds(5)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let error = errno
            guard error == EWOULDBLOCK || error == EINTR else { throw BuildFailure.lockFailed(path, errno: error) }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(100))
        }
        // When the repository was last used.
        try Files.touch(path)
        return lock
    }
}
