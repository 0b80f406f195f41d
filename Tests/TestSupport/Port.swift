internal import Glibc
internal import Synchronization

/// Loopback ports that nobody listens on.
package enum Port {
    private static let given = Mutex<Set<Int>>([])

    /// A port that was free a moment ago and is given to nobody else in this process.
    ///
    /// It is below those that the kernel picks for outgoing connections (32768 and up): one of these would otherwise
    /// take it at times, before the server that it is for could listen on it.
    package static func free() -> Int {
        while true {
            let port = Int.random(in: 10_000..<32_768)
            // Asked in this order, for a look at a port that was given would itself be in its server's way.
            if given.withLock({ $0.insert(port).inserted }), canListen(port) { return port }
        }
    }

    private static func canListen(_ port: Int) -> Bool {
        // A program that another test starts at this moment must not take the bound socket with it, and the port for its life.
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    /// Whether something accepts connections on the port.
    package static func accepts(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                connect(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
