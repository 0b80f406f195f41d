internal import Glibc

/// A server on loopback that never answers: connections wait in the kernel's queue, where nobody takes them.
package final class SilentServer: Sendable {
    package let port: Int
    private let listener: Int32
    private let isClosed = OnceFlag()

    package init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        port = Port.free()
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        let bound = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, listen(descriptor, 16) == 0 else {
            throw CommandFailed(description: "cannot listen: errno \(errno)")
        }
        listener = descriptor
    }

    deinit { stop() }

    /// Ends the server: the kernel resets every connection that waits.
    package func stop() {
        if !isClosed.exchange(true) { close(listener) }
    }
}
