internal import Glibc
internal import Synchronization

/// A way to a server on which a test can hold answers back, or what is sent: for what happens to a worker between a question and
/// its answer, or in the middle of an upload.
package final class HoldingProxy: Sendable {
    package let port: Int
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        /// Has to come first, if anything.
        var prelude: [UInt8]?
        /// Whose answer is held back.
        var pattern: [UInt8]?
        /// Whether nothing that its connection sends goes on either.
        var freezes = false
        /// Called when such a command comes, before it goes on.
        var asked: (@Sendable () -> Void)?
        /// The connection that asked.
        var holding: Int32?
        var sockets: [Int32] = []
    }

    /// Listens on a free loopback port.
    package init(to server: Int) throws {
        let (listener, port) = try Loopback.listen()
        (self.listener, self.port) = (listener, port)
        ServerThread.start { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                if client < 0, errno == EINTR || errno == ECONNABORTED { continue }
                guard client >= 0, let self else {
                    if client >= 0 { close(client) }
                    close(listener)
                    return
                }
                self.join(client, to: server)
            }
        }
    }

    deinit {
        state.withLock { state in state.sockets.forEach { shutdown($0, Int32(SHUT_RDWR)) } }
        // Closed by the thread that accepts: it would else take connections of whoever got the descriptor next.
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// Holds back what the server answers from the next command on that contains `text`.
    ///
    /// - Parameters:
    ///   - text: as it is on the wire.
    ///   - prelude: what has to be sent before; commands up to there are not looked at.
    ///   - freezes: whether the command itself, and whatever its connection sends after it, is held back as well.
    ///   - asked: called when that command comes, before it goes on to the server.
    package func hold(
        _ text: String,
        after prelude: String? = nil,
        freezes: Bool = false,
        asked: (@Sendable () -> Void)? = nil
    ) {
        state.withLock { state in
            (state.prelude, state.pattern) = (prelude.map { Array($0.utf8) }, Array(text.utf8))
            (state.freezes, state.asked) = (freezes, asked)
        }
    }

    /// Whether something is held back.
    package var isHolding: Bool { state.withLock { $0.holding != nil } }

    /// Lets it through.
    package func release() {
        state.withLock { state in (state.holding, state.pattern, state.asked) = (nil, nil, nil) }
    }

    /// Breaks the connection whose answer is held back, so that it is lost.
    package func cut() {
        state.withLock { state in
            if let client = state.holding { shutdown(client, Int32(SHUT_RDWR)) }
        }
        release()
    }

    private func join(_ client: Int32, to port: Int) {
        guard let server = Loopback.connect(to: port) else {
            close(client)
            return
        }
        state.withLock { $0.sockets += [client, server] }
        ServerThread.start { [self] in
            copy(client, server) { bytes in
                if self.note(bytes, from: client) { self.wait(client) }
            }
        }
        ServerThread.start { [self] in copy(server, client) { _ in self.wait(client) } }
    }

    /// Looks at what a client sends; whether it is to be held back.
    private func note(_ bytes: ArraySlice<UInt8>, from client: Int32) -> Bool {
        state.withLock { state in
            if let prelude = state.prelude {
                guard bytes.contains(prelude) else { return false }
                state.prelude = nil
            }
            if state.holding == nil, let pattern = state.pattern, bytes.contains(pattern) {
                state.holding = client
                state.asked?()
            }
            return state.freezes && state.holding == client
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
}
