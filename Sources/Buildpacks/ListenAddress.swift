/// Where a start command that somebody wrote has its program listen, as far as its words say it. Of several commands the last is the app's: what
/// stands before waits for others, or starts them.
struct ListenAddress: Equatable {
    /// The one port that is written out, or that the server takes of itself; nil where the words name none, several, or the variable PORT.
    private(set) var port: Int?
    /// Whether it is an address that only the container itself reaches.
    private(set) var isLocal = false
    /// Where the port is written.
    private(set) var source = "the start command"

    private static let portFlags: Set = [
        "-p", "-port", "--port", "--server.port", "--http-port", "-Dserver.port", "-Dhttp.port", "PORT", "http.server",
    ]
    private static let addressFlags: Set = [
        "-b", "--bind", "-S", "-l", "--listen", "-addr", "--addr", "--address", "-http", "--http", "--urls",
        "ASPNETCORE_URLS", "runserver",
    ]
    private static let hostFlags: Set = [
        "-h", "-H", "-o", "--host", "--hostname", "--ip", "--server.address", "HOST",
    ]
    private static let localNames = ["127.0.0.1", "localhost", "[::1]"]
    /// Servers that do not read PORT: where they listen if nothing is said.
    private static let servers: [String: (port: Int, isLocal: Bool)] = [
        "uvicorn": (8000, true), "hypercorn": (8000, true), "daphne": (8000, true), "waitress-serve": (8080, false),
    ]

    /// - Parameter command: as a shell reads it.
    init(command: String) {
        let words = Self.lastCommand(command)
        var ports: Set<Int> = []
        var namesHost = false
        for (index, word) in words.enumerated() {
            let (flag, value) = Self.parts(word, next: index + 1 < words.count ? words[index + 1] : "")
            if Self.portFlags.contains(flag), let port = Self.number(value) { ports.insert(port) }
            if Self.hostFlags.contains(flag) {
                namesHost = true
                isLocal = isLocal || Self.localNames.contains(value)
            }
            guard let address = Self.addressFlags.contains(flag) ? value : word.hasPrefix("0.0.0.0:") ? word : nil,
                let place = Self.place(address)
            else { continue }
            namesHost = true
            if let port = Self.number(place.split(separator: ":").last.map(String.init) ?? "") { ports.insert(port) }
            isLocal = isLocal || Self.localNames.contains { place == $0 || place.hasPrefix($0 + ":") }
        }
        let namesVariable = words.contains { $0.contains("$PORT") || $0.contains("${PORT") || $0.contains("%PORT") }
        let server = words.first { Self.servers[$0] != nil }.flatMap { Self.servers[$0] }
        if let server, server.isLocal, !namesHost { isLocal = true }
        guard !namesVariable else { return }
        port = ports.count == 1 ? ports.first : ports.isEmpty ? server?.port : nil
    }

    /// The same, and on the container's own address alone where another says so.
    func joined(with other: ListenAddress, source: String) -> ListenAddress {
        var joined = self
        joined.source = source
        joined.isLocal = isLocal || other.isLocal
        return joined
    }

    private static func lastCommand(_ text: String) -> [String] {
        let command = text.split { $0 == "&" || $0 == ";" || $0 == "|" }.last ?? ""
        return command.split { $0 == " " || $0 == "\t" || $0 == "\"" || $0 == "'" }.map(String.init)
    }

    /// `--port=80`, or `--port` and the word behind it.
    private static func parts(_ word: String, next: String) -> (flag: String, value: String) {
        guard let equals = word.firstIndex(of: "=") else { return (word, next) }
        return (String(word[..<equals]), String(word[word.index(after: equals)...]))
    }

    /// An address without its scheme; nil for what is somebody else's.
    private static func place(_ address: String) -> String? {
        for scheme in ["http://", "tcp://", "tcp:"] where address.hasPrefix(scheme) {
            return String(address.dropFirst(scheme.count).prefix { $0 != "/" })
        }
        return address.contains("://") || address.hasPrefix("-") ? nil : address
    }

    /// No program of a web listens below 80.
    private static func number(_ text: String) -> Int? { Int(text).flatMap { (80...65535).contains($0) ? $0 : nil } }
}
