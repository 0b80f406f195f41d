extension Version {
    /// Reads a whole version as any of the ecosystems writes it: `v20.11.0`, `3.14.0rc1`, `1.2.3-beta.2+build`, `1.22rc1`,
    /// `21.0.2+13`. Build metadata does not count. Nil if it is none.
    init?(_ text: some StringProtocol) {
        guard let partial = PartialVersion(text), !partial.isWildcard else { return nil }
        self = partial.version
    }
}

/// A version of which the end may be open: `1`, `1.2`, `1.2.*`, `1.x`, `*`.
struct PartialVersion: Sendable, Hashable {
    /// What is said; empty for `*`.
    var version: Version
    /// Whether it was written with `*`, `x` or `X`.
    var isWildcard: Bool

    /// The numbers that were written.
    var count: Int { version.components.count }

    init?(_ text: some StringProtocol) {
        // Longer numbers than these would not fit, and name nothing that exists.
        guard text.utf8.count <= 64 else { return nil }
        var rest = Substring(text.lowercased())
        if rest.first == "v" || rest.first == "=" { rest.removeFirst() }
        if let plus = rest.firstIndex(of: "+") { rest = rest[..<plus] }
        let numbers = rest.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "*") }
        let marks = rest.dropFirst(numbers.count)
        if numbers.isEmpty || marks == "x" || marks.hasPrefix("x.") {
            guard let wildcard = Self.wildcard(numbers + marks) else { return nil }
            self = wildcard
            return
        }
        guard let partial = Self.numbers(numbers, hasMarks: !marks.isEmpty) else { return nil }
        self = partial
        guard !marks.isEmpty else { return }
        guard !isWildcard, let prerelease = Self.prerelease(marks) else { return nil }
        version.prerelease = prerelease
    }

    init(_ version: Version) {
        self.version = version
        isWildcard = false
    }

    private init(_ components: [Int], isWildcard: Bool) {
        version = Version(components)
        self.isWildcard = isWildcard
    }

    /// `1.x`, `1.2.x`, `x`, `1.x.x`.
    private static func wildcard(_ text: Substring) -> PartialVersion? {
        numbers(Substring(text.map { $0 == "x" ? "*" : $0 }), hasMarks: false)
    }

    /// Numbers up to the first `*`; what stands behind that says nothing.
    private static func numbers(_ text: Substring, hasMarks: Bool) -> PartialVersion? {
        var components: [Int] = []
        var isWildcard = false
        var parts = text.split(separator: ".", omittingEmptySubsequences: false)
        // `3.4.0.preview1` and `1.2.3-rc` leave a dot or nothing in front of the word.
        if hasMarks, parts.last == "" { parts.removeLast() }
        for part in parts {
            if part == "*" {
                isWildcard = true
            } else {
                guard let number = Int(part), number >= 0 else { return nil }
                if !isWildcard { components.append(number) }
            }
        }
        guard !components.isEmpty || isWildcard else { return nil }
        return PartialVersion(components, isWildcard: isWildcard)
    }

    /// What follows the numbers: `-rc.1`, `rc1`, `.preview1`, `-alpha10`, `.dev3`.
    private static func prerelease(_ text: Substring) -> [Version.Identifier]? {
        var identifiers: [Version.Identifier] = []
        for part in text.split(whereSeparator: { $0 == "." || $0 == "-" || $0 == "_" }) {
            guard part.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else { return nil }
            let word = part.prefix { !$0.isNumber }
            let number = part.dropFirst(word.count)
            if !word.isEmpty { identifiers.append(.word(phases[String(word)] ?? String(word))) }
            if let value = Int(number) { identifiers.append(.number(value)) } else if !number.isEmpty { return nil }
        }
        return identifiers.isEmpty ? nil : identifiers
    }

    /// Spellings of one phase (PEP 440, "Pre-release spelling"). `dev` becomes the empty word, which comes before all others.
    private static let phases = ["alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc", "dev": ""]
}
