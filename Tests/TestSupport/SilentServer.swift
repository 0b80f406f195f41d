internal import Glibc

/// A server on loopback that never answers: connections wait in the kernel's queue, where nobody takes them.
package final class SilentServer: Sendable {
    package let port: Int
    private let listener: Int32
    private let isClosed = OnceFlag()

    package init() throws { (listener, port) = try Loopback.listen() }

    deinit { stop() }

    /// Ends the server: the kernel resets every connection that waits.
    package func stop() {
        if !isClosed.exchange(true) { close(listener) }
    }
}
