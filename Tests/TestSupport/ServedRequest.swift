internal import Glibc

/// A request that a `SocketServer` got, and the means to answer it in any way. Confined to its connection's thread.
package final class ServedRequest {
    package let method: String
    package let target: String
    /// Names in lower case.
    package let headers: [String: String]
    private let socket: Int32
    private var unread: Int

    /// Reads the head of the next request; nil when the other side has closed.
    init?(_ socket: Int32) {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual([13, 10, 13, 10]) {
            var byte: UInt8 = 0
            guard recv(socket, &byte, 1, 0) == 1, head.count < 64 << 10 else { return nil }
            head.append(byte)
        }
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n").map(String.init)
        let words = lines.first?.split(separator: " ").map(String.init) ?? []
        guard words.count == 3 else { return nil }
        (method, target) = (words[0], words[1])
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        self.headers = headers
        self.socket = socket
        unread = headers["content-length"].flatMap { Int($0) } ?? 0
    }

    /// Reads up to `count` further bytes of the body.
    package func read(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: min(count, unread))
        var filled = 0
        while filled < bytes.count {
            let received = bytes.withUnsafeMutableBytes { buffer in
                recv(socket, buffer.baseAddress?.advanced(by: filled), buffer.count - filled, 0)
            }
            guard received > 0 else { break }
            filled += received
        }
        unread -= filled
        return Array(bytes.prefix(filled))
    }

    /// Reads what is left of the body.
    package func readBody() -> [UInt8] { read(unread) }

    /// Reads what is left of the body and answers.
    package func respond(_ status: Int, _ headers: [String: String] = [:], body: String = "") {
        _ = readBody()
        var head = "HTTP/1.1 \(status) Status\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if headers["Content-Length"] == nil, status != 204, method != "HEAD" {
            head += "Content-Length: \(body.utf8.count)\r\n"
        }
        send(head + "\r\n" + (method == "HEAD" ? "" : body))
    }

    /// Sends text as it is; false if the other side has gone.
    @discardableResult
    package func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Sends bytes as they are; false if the other side has gone.
    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(
                    socket,
                    buffer.baseAddress?.advanced(by: sent),
                    buffer.count - sent,
                    Int32(MSG_NOSIGNAL)
                )
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Ends the connection in order.
    package func hangUp() { shutdown(socket, Int32(SHUT_RDWR)) }

    /// Ends the connection with a reset: by closing our side while what was sent to us is unread.
    package func reset() {
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        // Connecting a TCP socket to an unspecified address drops its connection and keeps the descriptor.
        var nowhere = sockaddr(sa_family: sa_family_t(AF_UNSPEC), sa_data: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        connect(socket, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }

    /// Says nothing until the other side closes.
    package func waitForClose() {
        var byte: UInt8 = 0
        while recv(socket, &byte, 1, 0) > 0 {}
    }
}
