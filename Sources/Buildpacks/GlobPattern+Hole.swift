extension GlobPattern {
    /// The part of a pattern for lines that stands for what is kept.
    struct Hole: Sendable, Hashable {
        enum Kind: String, Sendable, Hashable, CaseIterable {
            /// At least one byte of any kind, as few as can be.
            case anything = "<*>"
            /// An identifier of Python, Go and their like, whole.
            case name = "<name>"
            /// Digits, all that stand together.
            case number = "<number>"
        }

        var kind: Kind
        var before: [Token]
        var after: [Token]

        /// The first hole of a pattern; nil if it has none.
        init?(_ text: [UInt8]) {
            for start in text.indices where text[start] == UInt8(ascii: "<") {
                guard let kind = Kind.allCases.first(where: { text[start...].starts(with: $0.rawValue.utf8) }) else {
                    continue
                }
                self.kind = kind
                before = GlobPattern.tokens(text[..<start])
                after = GlobPattern.tokens(text[(start + kind.rawValue.utf8.count)...])
                return
            }
            return nil
        }

        /// What the hole stands for in a line; nil if the line does not match, or has more than 1000 bytes.
        func filling(in line: [UInt8]) -> [UInt8]? {
            guard line.count <= 1000 else { return nil }
            for start in line.indices where GlobPattern.matches(line[..<start], before) {
                let end = ends(of: start, in: line).first { GlobPattern.matches(line[$0...], after) }
                if let end { return Array(line[start..<end]) }
            }
            return nil
        }

        /// Where what starts at `start` may end.
        private func ends(of start: Int, in line: [UInt8]) -> Range<Int> {
            guard kind != .anything else { return start + 1..<line.count + 1 }
            let isWhole = start == 0 || !accepts(line[start - 1])
            let end = line[start...].firstIndex { !accepts($0) } ?? line.count
            guard isWhole, end > start, kind == .number || !Self.isDigit(line[start]) else { return end..<end }
            return end..<end + 1
        }

        private func accepts(_ byte: UInt8) -> Bool {
            Self.isDigit(byte) || kind == .name && (byte == 95 || Self.isLetter(byte))
        }

        private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
        private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) }
    }

    /// What the hole stands for in a line that matches; nil if there is none in the pattern.
    func captured(in line: [UInt8]) -> [UInt8]? { hole?.filling(in: line) }
}
