internal import Glibc
internal import Synchronization

/// A way to a Redis server on which a test can hold answers back: for what happens to a worker between a question and its
/// answer.
package final class RedisProxy: Sendable {
    package let port: Int
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        /// Whose answer is held back.
        var pattern: [UInt8]?
        /// Called when such a command comes, before it goes on.
        var asked: (@Sendable () -> Void)?
        /// The connection that asked.
        var holding: Int32?
        var sockets: [Int32] = []
    }

    /// Listens on a free loopback port.
    package init(to server: Int) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let port = Port.free()
        guard Self.withAddress(port, { bind(listener, $0, $1) }) == 0, listen(listener, 16) == 0 else {
            close(listener)
            throw CommandFailed(description: "cannot listen on loopback: errno \(errno)")
        }
        (self.listener, self.port) = (listener, port)
        ServerThread.start { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                self?.join(client, to: server)
            }
        }
    }

    deinit {
        state.withLock { state in state.sockets.forEach { shutdown($0, Int32(SHUT_RDWR)) } }
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// Holds back what the server answers from the next command on that contains `text`.
    ///
    /// - Parameter asked: called when that command comes, before it goes on to the server.
    package func hold(_ text: String, asked: (@Sendable () -> Void)? = nil) {
        state.withLock { state in (state.pattern, state.asked) = (Array(text.utf8), asked) }
    }

    /// Whether an answer is held back.
    package var isHolding: Bool { state.withLock { $0.holding != nil } }

    /// Lets the answer through.
    package func release() {
        state.withLock { state in (state.holding, state.pattern, state.asked) = (nil, nil, nil) }
    }

    private func join(_ client: Int32, to port: Int) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard Self.withAddress(port, { connect(server, $0, $1) }) == 0 else {
            close(client)
            close(server)
            return
        }
        state.withLock { $0.sockets += [client, server] }
        ServerThread.start { [self] in copy(client, server) { bytes in self.note(bytes, from: client) } }
        ServerThread.start { [self] in copy(server, client) { _ in self.wait(client) } }
    }

    private func note(_ bytes: ArraySlice<UInt8>, from client: Int32) {
        state.withLock { state in
            guard state.holding == nil, let pattern = state.pattern, bytes.contains(pattern) else { return }
            state.holding = client
            state.asked?()
        }
    }

    private func wait(_ client: Int32) {
        while state.withLock({ $0.holding == client }) { usleep(2000) }
    }

    private func copy(_ source: Int32, _ target: Int32, _ before: (ArraySlice<UInt8>) -> Void) {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(source, &buffer, buffer.count)
            guard count > 0 else { break }
            before(buffer[..<count])
            guard send(target, buffer, count, Int32(MSG_NOSIGNAL)) == count else { break }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(target, Int32(SHUT_RDWR))
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
