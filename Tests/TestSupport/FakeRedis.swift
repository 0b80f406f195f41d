internal import Glibc
internal import Synchronization

/// A server that speaks Redis' protocol over real sockets and answers what a test says: for versions that are not there to be
/// started, and for answers that come late.
package final class FakeRedis: Sendable {
    package let port: Int
    private let listener: Int32
    private let sockets = Mutex<[Int32]>([])
    private let commands = Mutex<[[String]]>([])

    /// Listens on a free loopback port.
    ///
    /// - Parameter answer: the whole reply to a command, as it goes over the wire; called on the connection's own thread.
    package init(_ answer: @escaping @Sendable ([String]) -> String) throws {
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
                self.sockets.withLock { $0.append(client) }
                ServerThread.start { [weak self] in
                    var reader = CommandReader(client)
                    while let command = reader.next() {
                        self?.commands.withLock { $0.append(command) }
                        let reply = Array(answer(command).utf8)
                        guard send(client, reply, reply.count, Int32(MSG_NOSIGNAL)) == reply.count else { return }
                    }
                }
            }
        }
    }

    deinit {
        sockets.withLock { $0.forEach { shutdown($0, Int32(SHUT_RDWR)) } }
        // Closed by the thread that accepts: it would else take connections of whoever got the descriptor next.
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// What was asked so far.
    package var asked: [[String]] { commands.withLock { $0 } }

    /// How many connections came.
    package var connections: Int { sockets.withLock { $0.count } }

    /// A text as a reply.
    package static func text(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }
}

/// Commands as clients send them: arrays of strings.
private struct CommandReader {
    private let socket: Int32
    private var bytes: [UInt8] = []

    init(_ socket: Int32) { self.socket = socket }

    mutating func next() -> [String]? {
        guard let count = number() else { return nil }
        var words: [String] = []
        for _ in 0..<count {
            guard let size = number(), let word = take(size), take(2) != nil else { return nil }
            words.append(word)
        }
        return words
    }

    /// The number in a line such as `*2`.
    private mutating func number() -> Int? {
        while true {
            if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: bytes[..<end].dropFirst().dropLast(), as: UTF8.self)
                bytes.removeFirst(end + 1)
                return Int(line)
            }
            guard fill() else { return nil }
        }
    }

    private mutating func take(_ count: Int) -> String? {
        while bytes.count < count { guard fill() else { return nil } }
        defer { bytes.removeFirst(count) }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private mutating func fill() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = read(socket, &buffer, buffer.count)
        guard count > 0 else { return false }
        bytes += buffer[..<count]
        return true
    }
}
