package import BuildModel
internal import Glibc

extension BuildFailure {
    /// The failure of a system call.
    ///
    /// - Parameters:
    ///   - errno: the error number that the call left.
    ///   - operation: the dotted name of what was being done.
    ///   - message: what could not be done, with the path; the system's words become the cause.
    package static func system(errno: Int32, operation: String, message: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .system,
            operation: operation,
            message: message,
            cause: unsafe String(cString: strerror(errno)),
            isRetryable: errno == ENOSPC || errno == EMFILE || errno == ENFILE || errno == EAGAIN || errno == EIO
        )
    }
}
