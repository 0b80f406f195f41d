/// Which files of a directory a line of `.gitattributes` is about: gitattributes(5), as in gitignore(5).
struct AttributePattern {
    private let glob: AttributeGlob
    /// Whether it is about files' names, in whatever directory.
    private let isName: Bool

    /// - Returns: nil for what no file matches: a pattern for directories, or one with `!`, which git passes over.
    init?(_ text: [UInt8]) {
        let slash = UInt8(ascii: "/")
        guard let first = text.first, first != UInt8(ascii: "!"), text.last != slash else { return nil }
        isName = !text.contains(slash)
        guard let glob = AttributeGlob(Array(text.dropFirst(first == slash ? 1 : 0))) else { return nil }
        self.glob = glob
    }

    /// - Parameter path: relative to the directory that the line's file is in.
    func matches(_ path: ArraySlice<UInt8>) -> Bool {
        guard isName, let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return glob.matches(path) }
        return glob.matches(path[(slash + 1)...])
    }

    /// A line's pattern, without quotes, and what follows it; nil for an empty line and a comment.
    static func split(_ line: ArraySlice<UInt8>) -> (pattern: [UInt8], rest: ArraySlice<UInt8>)? {
        let line = line.drop(while: isBlank)
        guard let first = line.first, first != UInt8(ascii: "#") else { return nil }
        if first == UInt8(ascii: "\""), let (pattern, rest) = quoted(line.dropFirst()) { return (pattern, rest) }
        let pattern = line.prefix { !isBlank($0) }
        return (Array(pattern), line[pattern.endIndex...])
    }

    private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0d].contains(byte) }

    /// What stands between quotes, in the way of C; nil if there is no closing one.
    private static func quoted(_ text: ArraySlice<UInt8>) -> ([UInt8], ArraySlice<UInt8>)? {
        let named: [UInt8: UInt8] = [0x61: 7, 0x62: 8, 0x74: 9, 0x6e: 10, 0x76: 11, 0x66: 12, 0x72: 13]
        var (result, rest): ([UInt8], ArraySlice<UInt8>) = ([], text)
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") { return (result, rest) }
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            let digits = rest.prefix(3).prefix { (0x30...0x37).contains($0) }
            if digits.count == 3, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8) {
                result.append(value)
                rest = rest.dropFirst(3)
            } else if let next = rest.popFirst() {
                result.append(named[next] ?? next)
            }
        }
        return nil
    }
}
