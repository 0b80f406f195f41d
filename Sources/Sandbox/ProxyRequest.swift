/// The head of a request to a proxy: RFC 9112 §3.2, absolute-form and authority-form.
struct ProxyRequest: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// CONNECT: bytes pass as they are.
        case tunnel
        /// A request for an http URL, which goes on in origin-form.
        case forward(head: [UInt8])
    }

    var host: String
    var port: UInt16
    var kind: Kind

    /// A head is longer than this only to do harm.
    static let limit = 32768

    /// - Parameter head: up to and with the empty line.
    /// - Returns: nil for what is no request to a proxy.
    init?(_ head: ArraySlice<UInt8>) {
        guard let text = String(validating: head, as: UTF8.self) else { return nil }
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        let words = lines.removeFirst().split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 3, words[2].hasPrefix("HTTP/1."), !text.unicodeScalars.contains("\0") else { return nil }
        if words[0] == "CONNECT" {
            guard let (host, port) = Self.authority(words[1], defaultPort: nil) else { return nil }
            (self.host, self.port, kind) = (host, port, .tunnel)
            return
        }
        guard words[1].lowercased().hasPrefix("http://") else { return nil }
        let rest = words[1].dropFirst(7)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard let (host, port) = Self.authority(String(rest[..<end]), defaultPort: 80) else { return nil }
        let target = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/\(rest[end...])"
        let kept = lines.filter { !Self.isOfConnection($0) }
        let own = ["\(words[0]) \(target) HTTP/1.1", "Host: \(rest[..<end])", "Connection: close"]
        (self.host, self.port) = (host, port)
        kind = .forward(head: Array(((own + kept).joined(separator: "\r\n")).utf8))
    }

    /// Fields that are between client and proxy, and those that this proxy writes itself.
    private static func isOfConnection(_ line: String) -> Bool {
        let name = line.prefix { $0 != ":" }.lowercased()
        return ["host", "connection", "proxy-connection", "proxy-authorization", "keep-alive", "upgrade", "te"]
            .contains(name)
    }

    private static func authority(_ text: String, defaultPort: UInt16?) -> (String, UInt16)? {
        guard !text.contains("@") else { return nil }
        var host = text[...]
        var port = defaultPort
        if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
            host = text[..<colon]
            guard let number = UInt16(text[text.index(after: colon)...]), number > 0 else { return nil }
            port = number
        }
        let plain = EgressPolicy.Destination.plain(host)
        guard let port, !plain.isEmpty, plain.utf8.count <= 255, plain.utf8.allSatisfy(isOfHost) else { return nil }
        return (plain, port)
    }

    private static func isOfHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":")].contains(byte)
        }
    }
}
