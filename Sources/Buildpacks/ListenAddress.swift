/// Where a start command that somebody wrote has its program listen, as far as its words say it.
struct ListenAddress: Equatable {
    /// The one port that is written out; nil where the words name none, several, or the variable PORT.
    private(set) var port: Int?
    /// Whether it is an address that only the container itself reaches.
    private(set) var isLocal = false

    private static let portFlags = [
        "-p", "--port", "--server.port", "--http-port", "-Dserver.port", "-Dhttp.port", "PORT",
    ]
    private static let addressFlags = [
        "-b", "--bind", "-S", "-l", "--listen", "--addr", "--address", "--http", "runserver",
    ]
    private static let hostFlags = ["-h", "-H", "-o", "--host", "--hostname", "--ip", "--server.address", "HOST"]
    private static let localNames = ["127.0.0.1", "localhost", "[::1]"]

    /// - Parameter command: as a shell reads it.
    init(command: String) {
        let words = command.split { $0 == " " || $0 == "\t" || $0 == "\"" || $0 == "'" }.map(String.init)
        var ports: Set<Int> = []
        for (index, word) in words.enumerated() {
            let (flag, value) = Self.parts(word, next: index + 1 < words.count ? words[index + 1] : "")
            if Self.portFlags.contains(flag), let port = Self.number(value) { ports.insert(port) }
            if Self.hostFlags.contains(flag), Self.localNames.contains(value) { isLocal = true }
            guard let address = Self.addressFlags.contains(flag) ? value : word.hasPrefix("0.0.0.0:") ? word : nil
            else {
                continue
            }
            if let port = Self.number(address.split(separator: ":").last.map(String.init) ?? "") { ports.insert(port) }
            if Self.localNames.contains(where: { address == $0 || address.hasPrefix($0 + ":") }) { isLocal = true }
        }
        let namesVariable = command.contains("$PORT") || command.contains("${PORT") || command.contains("%PORT")
        if ports.count == 1, !namesVariable { port = ports.first }
    }

    /// `--port=80`, or `--port` and the word behind it.
    private static func parts(_ word: String, next: String) -> (flag: String, value: String) {
        guard let equals = word.firstIndex(of: "=") else { return (word, next) }
        return (String(word[..<equals]), String(word[word.index(after: equals)...]))
    }

    /// No program of a web listens below 80.
    private static func number(_ text: String) -> Int? { Int(text).flatMap { (80...65535).contains($0) ? $0 : nil } }
}
