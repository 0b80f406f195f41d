internal import Glibc

/// A file opened for writing that closes with its last reference.
package final class FileHandleForTest: Sendable {
    package let number: Int32

    package init(_ path: String) throws {
        number = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard number >= 0 else { throw CommandFailed(description: "cannot open \(path): errno \(errno)") }
    }

    deinit { close(number) }
}
