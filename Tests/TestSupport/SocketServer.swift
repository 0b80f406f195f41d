internal import Glibc
internal import Synchronization

/// A server over real sockets whose every answer a test decides: for what a real server does not do on demand, such as
/// stalling, resetting a connection or sending half an answer.
///
/// The handler runs on a thread of the connection's own and may block. Everything closes with the last reference.
package final class SocketServer: Sendable {
    package let port: Int
    private let listener: Int32
    private let connections: OpenConnections

    /// Listens on a free loopback port.
    ///
    /// - Parameter handler: answers one request; called again for the next one on the same connection.
    package init(_ handler: @escaping @Sendable (ServedRequest) -> Void) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard let port = Self.listen(listener) else {
            close(listener)
            throw CommandFailed(description: "cannot listen on loopback: errno \(errno)")
        }
        self.listener = listener
        self.port = port
        let connections = OpenConnections()
        self.connections = connections
        ServerThread.start {
            Self.accept(on: listener, connections, handler)
        }
    }

    deinit {
        connections.closeAll()
        // Closed by the thread that accepts: it would else take connections of whoever got the descriptor next.
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// `http://127.0.0.1:port` and a path.
    package func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    /// The requests so far, as `METHOD target`.
    package var requests: [String] { connections.requests.withLock { $0 } }

    private static func accept(
        on listener: Int32,
        _ connections: OpenConnections,
        _ handler: @escaping @Sendable (ServedRequest) -> Void
    ) {
        while true {
            let socket = Glibc.accept(listener, nil, nil)
            guard socket >= 0 else {
                if errno == EINTR || errno == ECONNABORTED { continue }
                close(listener)
                return
            }
            guard connections.add(socket) else { continue }
            ServerThread.start {
                while let request = ServedRequest(socket) {
                    connections.requests.withLock { $0.append("\(request.method) \(request.target)") }
                    handler(request)
                }
                connections.remove(socket)
            }
        }
    }

    private static func listen(_ socket: Int32) -> Int? {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic -> Bool in
                bind(socket, generic, length) == 0 && Glibc.listen(socket, 64) == 0
                    && getsockname(socket, generic, &length) == 0
            } ? Int(UInt16(bigEndian: pointer.pointee.sin_port)) : nil
        }
    }
}

/// The sockets of a server's connections, and what was asked over them.
private final class OpenConnections: Sendable {
    private let sockets = Mutex<Set<Int32>?>([])
    let requests = Mutex<[String]>([])

    func add(_ socket: Int32) -> Bool {
        let isAdded = sockets.withLock { $0?.insert(socket).inserted ?? false }
        if !isAdded { close(socket) }
        return isAdded
    }

    func remove(_ socket: Int32) {
        sockets.withLock { _ = $0?.remove(socket) }
        close(socket)
    }

    /// Makes every blocked read and write return; each connection's thread closes its own socket.
    func closeAll() {
        sockets.withLock { sockets in
            for socket in sockets ?? [] { shutdown(socket, Int32(SHUT_RDWR)) }
            sockets = nil
        }
    }
}
