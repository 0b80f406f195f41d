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
        init?(_ text: String) {
            // Most patterns have none, and looking for a text in a text takes longer than all else that is done for one.
            guard text.utf8.contains(UInt8(ascii: "<")) else { return nil }
            let found = Kind.allCases.compactMap { kind in text.firstRange(of: kind.rawValue).map { (kind, $0) } }
            guard let (kind, range) = found.min(by: { $0.1.lowerBound < $1.1.lowerBound }) else { return nil }
            self.kind = kind
            before = GlobPattern.tokens(Array(text[..<range.lowerBound].utf8))
            after = GlobPattern.tokens(Array(text[range.upperBound...].utf8))
        }

        /// What the hole stands for in a line; nil if the line does not match, or has more than 1000 bytes.
        func filling(in line: [UInt8]) -> [UInt8]? {
            guard line.count <= 1000 else { return nil }
            for start in line.indices where GlobPattern.matches(Array(line[..<start]), before) {
                let end = ends(of: start, in: line).first { GlobPattern.matches(Array(line[$0...]), after) }
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
