internal import Glibc

/// Sockets on loopback.
enum Loopback {
    /// A socket that listens on a free port.
    ///
    /// - Returns: the socket, which the caller closes, and its port.
    static func listen() throws -> (descriptor: Int32, port: Int) {
        while true {
            let (descriptor, port) = (open(), Port.free())
            if withAddress(port, { bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 16) == 0 {
                return (descriptor, port)
            }
            let reason = errno
            close(descriptor)
            // A program that was being started just now may hold the look of `Port.free` open until it runs: the next port.
            guard reason == EADDRINUSE else {
                throw CommandFailed(description: "cannot listen on loopback: errno \(reason)")
            }
        }
    }

    /// A connection to a port, which the caller closes; nil if nobody listens there.
    static func connect(to port: Int) -> Int32? {
        let descriptor = open()
        guard withAddress(port, { Glibc.connect(descriptor, $0, $1) }) != 0 else { return descriptor }
        close(descriptor)
        return nil
    }

    private static func open() -> Int32 {
        socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    private static func withAddress<Value>(
        _ port: Int,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
    ) -> Value {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
