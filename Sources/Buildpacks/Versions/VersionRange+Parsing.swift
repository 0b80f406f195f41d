/// Why a text is no set of versions.
struct VersionSyntaxError: Error, Hashable, CustomStringConvertible {
    var description: String
}

extension VersionRange {
    /// Reads a set of versions as `dialect` writes it. An empty text is every release.
    ///
    /// - Throws: `VersionSyntaxError` that names the part that cannot be understood.
    init(parsing text: String, dialect: VersionDialect) throws(VersionSyntaxError) {
        guard text.utf8.count <= 512 else { throw VersionSyntaxError(description: "it is longer than 512 bytes") }
        var alternatives: [[Bound]] = []
        let text = dialect == .pvp ? Self.plain(cabal: text.lowercased()) : text.lowercased()
        var parts = Self.split(Substring(text), by: dialect.alternativeSeparators)
        // What goes on in the next line of a file ends with the word between two.
        if dialect == .pvp, parts.count > 1 { parts.removeAll(where: \.isEmpty) }
        for alternative in parts {
            alternatives.append(try Self.bounds(of: alternative.trimmed, dialect))
        }
        self.init(alternatives: alternatives, prereleases: dialect.prereleases)
    }

    private static func bounds(
        of text: Substring,
        _ dialect: VersionDialect
    ) throws(VersionSyntaxError) -> [Bound] {
        if dialect.hasHyphenRanges, let range = try hyphenRange(text) { return range }
        var bounds: [Bound] = []
        for term in terms(of: text, dialect) { bounds += try VersionTerm(term, dialect).bounds() }
        return bounds
    }

    /// `1.2 - 1.4.5`: a first version and a last one, of which an open end takes in all that begins with it.
    private static func hyphenRange(_ text: Substring) throws(VersionSyntaxError) -> [Bound]? {
        let ends = split(text, by: [" - "])
        guard ends.count > 1 else { return nil }
        guard ends.count == 2, let first = PartialVersion(ends[0].trimmed), let last = PartialVersion(ends[1].trimmed)
        else { throw VersionSyntaxError(description: "'\(text)' is no range of two versions") }
        var bounds = first.count == 0 ? [] : [Bound.compare(.atLeast, first.version.padded())]
        if last.count >= 3 {
            bounds.append(.compare(.atMost, last.version))
        } else if last.count > 0 {
            bounds.append(.compare(.less, last.version.next(at: last.count - 1)))
        }
        return bounds
    }

    /// The single bounds: between commas, blanks or `and`, with no blank behind an operator.
    private static func terms(of text: Substring, _ dialect: VersionDialect) -> [Substring] {
        let operators: Set<Character> = ["<", ">", "=", "~", "^", "!"]
        var joined = ""
        var afterOperator = false
        for character in text where !(afterOperator && character.isWhitespace) {
            joined.append(character)
            afterOperator = operators.contains(character)
        }
        var parts = split(Substring(joined), by: dialect == .hex ? [" and "] : [","])
        if dialect.blanksSeparate { parts = parts.flatMap { $0.split(whereSeparator: \.isWhitespace) } }
        return parts.map(\.trimmed).filter { !$0.isEmpty }
    }

    private static func split(_ text: Substring, by separators: [String]) -> [Substring] {
        var parts: [Substring] = []
        var rest = text
        var start = rest.startIndex
        while start < rest.endIndex {
            guard let separator = separators.first(where: { rest[start...].hasPrefix($0) }) else {
                start = rest.index(after: start)
                continue
            }
            parts.append(rest[..<start])
            rest = rest[start...].dropFirst(separator.count)
            start = rest.startIndex
        }
        return parts + [rest]
    }
}

extension Substring {
    /// Without blanks around it.
    fileprivate var trimmed: Substring {
        var text = self
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
}
