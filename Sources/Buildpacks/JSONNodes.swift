internal import BuildModel
internal import Documents

/// JSON of any origin as nodes that know their line, in one pass and bounded in depth: a manifest's evidence names lines, which
/// a decoder does not keep.
struct JSONNodes {
    static let maximumDepth = 64

    let bytes: [UInt8]
    let isRelaxed: Bool
    var index = 0
    var line = 1
    var lineStart = 0

    /// What is wrong, and where.
    struct Problem: Error {
        var line: Int
        var column: Int
        var reason: String
    }

    /// - Parameter isRelaxed: whether `//`, `/* */` and a comma after the last member may stand, as in .jsonc files, and names
    ///   without quotes and texts in single quotes, as in JSON5.
    static func parse(_ bytes: [UInt8], isRelaxed: Bool = false) throws(Problem) -> YAMLNode {
        var parser = JSONNodes(bytes: bytes, isRelaxed: isRelaxed)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { parser.index = 3 }
        let root = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.index == bytes.count else { throw parser.problem("there is something after the end") }
        return root
    }

    private init(bytes: [UInt8], isRelaxed: Bool) {
        self.bytes = bytes
        self.isRelaxed = isRelaxed
    }

    var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    func problem(_ reason: String) -> Problem {
        Problem(line: line, column: index - lineStart + 1, reason: reason)
    }

    private mutating func skipSpace() {
        while let byte = next {
            if byte == 32 || (9...13).contains(byte) {
                index += 1
                if byte == 10 { (line, lineStart) = (line + 1, index) }
            } else if !isRelaxed || !skipComment() {
                return
            }
        }
    }

    private mutating func skipComment() -> Bool {
        let forms: [(start: String, end: String)] = [("//", "\n"), ("/*", "*/")]
        for form in forms where bytes[index...].starts(with: form.start.utf8) {
            let end = Array(form.end.utf8)
            while index < bytes.count, !bytes[index...].starts(with: end) {
                index += 1
                if bytes[index - 1] == 10 { (line, lineStart) = (line + 1, index) }
            }
            if form.start == "/*" { index = min(index + 2, bytes.count) }
            return true
        }
        return false
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func value(depth: Int) throws(Problem) -> YAMLNode {
        skipSpace()
        guard depth < Self.maximumDepth else {
            throw problem("it is nested more than \(Self.maximumDepth) levels deep")
        }
        let (startLine, column) = (line, index - lineStart + 1)
        let content: YAMLNode.Content
        switch next {
        case UInt8(ascii: "{"): content = .mapping(try members(depth: depth))
        case UInt8(ascii: "["): content = .sequence(try elements(depth: depth))
        case UInt8(ascii: "\""): content = .scalar(try string(), isPlain: false)
        case UInt8(ascii: "'") where isRelaxed: content = .scalar(try string(), isPlain: false)
        default: content = .scalar(try word(), isPlain: true)
        }
        return YAMLNode(content: content, line: startLine, column: column)
    }

    private mutating func members(depth: Int) throws(Problem) -> [YAMLNode.Entry] {
        index += 1
        var entries: [YAMLNode.Entry] = []
        skipSpace()
        if take("}") { return entries }
        while true {
            skipSpace()
            if isRelaxed, !entries.isEmpty, take("}") { return entries }
            let keyLine = line
            let key = try name()
            skipSpace()
            guard take(":") else { throw problem("':' was expected") }
            entries.append(YAMLNode.Entry(key: key, line: keyLine, value: try value(depth: depth + 1)))
            skipSpace()
            if take("}") { return entries }
            guard take(",") else { throw problem("',' or '}' was expected") }
        }
    }

    private mutating func elements(depth: Int) throws(Problem) -> [YAMLNode] {
        index += 1
        var nodes: [YAMLNode] = []
        skipSpace()
        if take("]") { return nodes }
        while true {
            nodes.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return nodes }
            guard take(",") else { throw problem("',' or ']' was expected") }
            skipSpace()
            if isRelaxed, take("]") { return nodes }
        }
    }

    /// A number, true, false or null.
    private mutating func word() throws(Problem) -> String {
        let start = index
        while let byte = next, Self.isWord(byte) { index += 1 }
        let word = String(decoding: bytes[start..<index], as: UTF8.self)
        guard ["true", "false", "null"].contains(word) || Double(word) != nil else {
            index = start
            throw problem(index == bytes.count ? "it ends too early" : "a value was expected")
        }
        return word
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...122).contains(byte) || [43, 45, 46, 69].contains(byte)
    }
}
