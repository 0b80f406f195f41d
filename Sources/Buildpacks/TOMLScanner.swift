internal import Documents

/// Words, strings and values of a TOML text.
struct TOMLScanner {
    private let bytes: [UInt8]
    private var index = 0
    private var lineStart = 0
    private(set) var line = 1

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    func problem(_ reason: String) -> JSONNodes.Problem {
        JSONNodes.Problem(line: line, column: index - lineStart + 1, reason: reason)
    }

    private mutating func advance() {
        index += 1
        if bytes[index - 1] == 10 { (line, lineStart) = (line + 1, index) }
    }

    /// Skips space on the line.
    private mutating func skipSpace() {
        while let byte = next, byte == 32 || byte == 9 || byte == 13 { index += 1 }
    }

    /// Skips space, line ends and comments.
    mutating func skipBlank() {
        while let byte = next {
            if byte == UInt8(ascii: "#") {
                while let byte = next, byte != 10 { index += 1 }
            } else if byte == 32 || (9...13).contains(byte) {
                advance()
            } else {
                return
            }
        }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    mutating func endLine() throws(JSONNodes.Problem) {
        skipSpace()
        guard let byte = next else { return }
        guard byte == 10 || byte == UInt8(ascii: "#") else { throw problem("the line should end here") }
    }

    /// A dotted key.
    mutating func keys() throws(JSONNodes.Problem) -> [String] {
        var keys: [String] = []
        repeat {
            skipSpace()
            if next == UInt8(ascii: "\"") || next == UInt8(ascii: "'") {
                keys.append(try string())
            } else {
                let start = index
                while let byte = next, Self.isBare(byte) { index += 1 }
                guard index > start else { throw problem("a key was expected") }
                keys.append(String(decoding: bytes[start..<index], as: UTF8.self))
            }
        } while take(".")
        return keys
    }

    private static func isBare(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 95
    }

    mutating func value(depth: Int) throws(JSONNodes.Problem) -> YAMLNode {
        guard depth < JSONNodes.maximumDepth else { throw problem("it is nested too deep") }
        skipSpace()
        let (start, column) = (line, index - lineStart + 1)
        let content: YAMLNode.Content
        switch next {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): content = .scalar(try string(), isPlain: false)
        case UInt8(ascii: "["): content = .sequence(try array(depth: depth))
        case UInt8(ascii: "{"): content = .mapping(try inlineTable(depth: depth))
        default: content = .scalar(try word(), isPlain: true)
        }
        return YAMLNode(content: content, line: start, column: column)
    }

    private mutating func array(depth: Int) throws(JSONNodes.Problem) -> [YAMLNode] {
        index += 1
        var nodes: [YAMLNode] = []
        while true {
            skipBlank()
            if take("]") { return nodes }
            nodes.append(try value(depth: depth + 1))
            skipBlank()
            guard take(",") || next == UInt8(ascii: "]") else { throw problem("',' or ']' was expected") }
        }
    }

    private mutating func inlineTable(depth: Int) throws(JSONNodes.Problem) -> [YAMLNode.Entry] {
        index += 1
        var entries: [YAMLNode.Entry] = []
        while true {
            skipBlank()
            if take("}") { return entries }
            let start = line
            let key = try keys().joined(separator: ".")
            guard take("=") else { throw problem("'=' was expected") }
            entries.append(YAMLNode.Entry(key: key, line: start, value: try value(depth: depth + 1)))
            skipBlank()
            guard take(",") || next == UInt8(ascii: "}") else { throw problem("',' or '}' was expected") }
        }
    }

    private mutating func word() throws(JSONNodes.Problem) -> String {
        let start = index
        let ends = Array(",]}#\n\r".utf8)
        while let byte = next, !ends.contains(byte) { index += 1 }
        guard index > start else { throw problem("a value was expected") }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    /// A string of any of the four kinds. Escapes stay as they are written: nothing that rules look for has one.
    private mutating func string() throws(JSONNodes.Problem) -> String {
        let quote = bytes[index]
        let isLong = bytes[index...].starts(with: [quote, quote, quote])
        let end = isLong ? [quote, quote, quote] : [quote]
        index += end.count
        let start = index
        while let byte = next {
            if bytes[index...].starts(with: end) {
                defer { index += end.count }
                return String(decoding: bytes[start..<index], as: UTF8.self)
            }
            if byte == 10, !isLong { break }
            advance()
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\""), next != nil { advance() }
        }
        throw problem("a string does not end")
    }
}
