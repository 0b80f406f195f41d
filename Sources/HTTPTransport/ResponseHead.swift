internal import BuildModel

/// Collects the status and header fields of an answer from the lines that libcurl hands over one by one.
///
/// A new status line starts over, so that an interim answer (100, 103) leaves nothing behind.
struct ResponseHead {
    private(set) var status = 0
    /// Whether the other side said that it wants the body: an interim answer 100.
    private(set) var wasContinued = false
    private(set) var fields: [(name: String, value: String)] = []
    private var byteCount = 0

    /// The most bytes that a head may have.
    static let limit = 256 << 10

    /// Takes one line, with or without its line end.
    ///
    /// - Returns: false if the head has grown over its limit.
    mutating func take(_ line: some Collection<UInt8>) -> Bool {
        let text = String(decoding: line, as: UTF8.self).trimmedEnd
        byteCount += text.utf8.count
        guard byteCount <= Self.limit else { return false }
        if text.hasPrefix("HTTP/") {
            status = text.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap { Int($0) } ?? 0
            wasContinued = wasContinued || status == 100
            fields = []
            byteCount = 0
        } else if text.hasPrefix(" ") || text.hasPrefix("\t") {
            fold(text)
        } else if let colon = text.firstIndex(of: ":"), colon > text.startIndex {
            let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            fields.append((name: String(text[..<colon]), value: String(value)))
        }
        return true
    }

    /// A line that goes on with the field before it: obsolete, but servers and proxies still send it. RFC 9112, section 5.2.
    private mutating func fold(_ line: String) {
        guard let last = fields.popLast() else { return }
        let rest = line.drop { $0 == " " || $0 == "\t" }
        fields.append((name: last.name, value: rest.isEmpty ? last.value : "\(last.value) \(rest)"))
    }
}

extension String {
    /// Without spaces, tabs and line ends at the end.
    fileprivate var trimmedEnd: String {
        let blank: Set<UInt8> = [0x20, 0x09, 0x0a, 0x0d]
        let bytes = Array(utf8)
        let count = bytes.lastIndex { !blank.contains($0) }.map { $0 + 1 } ?? 0
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
