package import BuildModel
internal import Glibc

/// A lock between all processes of a node, and between threads: an `flock(2)`, which the system gives back however its owner ends.
///
/// The file may be removed by whoever holds the lock alone; a lock on a removed file is never handed out.
package final class FileLock: Sendable {
    package enum Mode: Sendable {
        /// Any number may have it at the same time.
        case shared
        case exclusive

        fileprivate var operation: Int32 { self == .shared ? LOCK_SH : LOCK_EX }
    }

    private let descriptor: Int32
    private let path: String

    private init(path: String) throws(BuildFailure) {
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        self.path = path
        guard descriptor >= 0 else {
            throw .system(errno: errno, operation: "lock.open", message: "Cannot open the lock '\(path)'.")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Takes a lock if it is free.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the file, also where its file system has no locks.
    package static func attempt(_ path: String, _ mode: Mode) throws(BuildFailure) -> FileLock? {
        switch try outcome(path, mode) {
        case .success(let lock)?: return lock
        case .failure(let failure)?: throw failure
        case nil: return nil
        }
    }

    /// Takes a lock, and waits for it without holding a thread.
    ///
    /// - Parameters:
    ///   - limit: how long to wait; nil for as long as it takes.
    ///   - operation: of the failure.
    /// - Throws: `BuildFailure`: `system` or, when the time is over, `deadline_exceeded`, which name the file; `cancelled`.
    package static func take(
        _ path: String,
        _ mode: Mode,
        within limit: Duration? = nil,
        operation: String
    ) async throws -> FileLock {
        switch try await outcome(path, mode, within: limit, operation) {
        case .success(let lock): return lock
        case .failure(let failure): throw failure
        }
    }

    /// The same, but nil where the file system has no locks: for what can do without one. The file is there then, and nobody's.
    ///
    /// - Parameter pool: where the file is opened and looked at, which takes time on a file system that is far away.
    package static func takeWherePossible(
        _ path: String,
        _ mode: Mode,
        within limit: Duration? = nil,
        on pool: BlockingPool,
        operation: String
    ) async throws -> FileLock? {
        switch try await outcome(path, mode, within: limit, on: pool, operation) {
        case .success(let lock): return lock
        case .failure: return nil
        }
    }

    private static func outcome(
        _ path: String,
        _ mode: Mode,
        within limit: Duration?,
        on pool: BlockingPool? = nil,
        _ operation: String
    ) async throws -> Result<FileLock, BuildFailure> {
        let end = limit.map { Deadline(after: $0) }
        var pause = Duration.milliseconds(2)
        while true {
            let result = if let pool { try await pool.run { try outcome(path, mode) } } else { try outcome(path, mode) }
            if let result { return result }
            if let limit, let end, end.hasPassed {
                let message = "The lock '\(path)' was not free within \(Int(limit.seconds)) s: look at who has it."
                throw BuildFailure.timedOut(operation: operation, message: message)
            }
            do { try await Task.sleep(for: pause) } catch { throw BuildFailure.cancelled(operation: operation) }
            pause = min(pause * 2, .milliseconds(50))
        }
    }

    /// Nil if somebody else has the lock; a failure where the file system has none.
    private static func outcome(
        _ path: String,
        _ mode: Mode
    ) throws(BuildFailure) -> Result<FileLock, BuildFailure>? {
        while true {
            let lock = try FileLock(path: path)
            guard flock(lock.descriptor, mode.operation | LOCK_NB) == 0 else {
                let error = errno
                if error == EINTR { continue }
                if error == EWOULDBLOCK { return nil }
                let failure = BuildFailure.lockFailed(path, errno: error)
                if [EOPNOTSUPP, ENOLCK, ENOSYS, EINVAL].contains(error) { return .failure(failure) }
                throw failure
            }
            if lock.isCurrent { return .success(lock) }
        }
    }

    /// Lets others share an exclusive lock. Another may get it alone in between: look again at what it protects.
    package func share() throws(BuildFailure) {
        guard flock(descriptor, LOCK_SH) == 0 else {
            throw .system(errno: errno, operation: "lock.share", message: "Cannot share the lock '\(path)'.")
        }
    }

    /// Removes the file. To be called while the lock is exclusive.
    package func removeFile() throws(BuildFailure) { try Files.remove(path) }

    private var isCurrent: Bool {
        var (own, named) = (stat(), stat())
        guard unsafe fstat(descriptor, &own) == 0, unsafe stat(path, &named) == 0 else { return false }
        return own.st_ino == named.st_ino && own.st_dev == named.st_dev
    }
}

extension BuildFailure {
    /// A lock could be had from nobody: `flock(2)` failed for another reason than that somebody has it.
    package static func lockFailed(_ path: String, errno: Int32) -> BuildFailure {
        .system(
            errno: errno,
            operation: "lock.take",
            message: "Cannot lock '\(path)'; look whether its file system has locks (flock)."
        )
    }
}
