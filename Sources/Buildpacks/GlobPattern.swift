/// A shell-like pattern: `*` and `?` stay within a path's component, `**` as a whole component is any number of them (none
/// too), `[abc]` and `[!a-z]` are sets. In a pattern for lines, `<*>` is at least one character and what is kept of the line, as are
/// `<name>`, which is a whole identifier, and `<number>`, which is all its digits.
/// Matching takes at most length times length steps, whatever the text.
struct GlobPattern: Sendable, Hashable {
    let text: String
    private let components: [[Token]]
    private let whole: [Token]
    /// The longest run of bytes that every matching line has.
    private let needle: Needle
    /// What is kept of a line, and what stands before and after it.
    let hole: Hole?
    /// Whether there are names to fill in it, `{{name}}`: then nothing matches it as it is.
    let isTemplate: Bool

    enum Token: Sendable, Hashable {
        case literal(UInt8)
        case one
        case many
        // Few tokens are sets; the others stay small.
        indirect case set([ClosedRange<UInt8>], isNegated: Bool)
    }

    /// - Parameter isOfLines: whether no path is ever matched, as with most patterns of a rule: then nothing is kept for that.
    init(_ text: String, isOfLines: Bool = false) {
        self.text = text
        let bytes = Array(text.utf8)
        let hole = Hole(bytes)
        self.hole = hole
        isTemplate = Template.hasNames(text)
        let whole = hole.map { $0.before + [.one, .many] + $0.after } ?? Self.tokens(bytes[...])
        self.whole = whole
        let parts = isOfLines ? [] : bytes.split(separator: UInt8(ascii: "/"))
        components =
            parts.count == 1 && parts[0].count == bytes.count && hole == nil ? [whole] : parts.map { Self.tokens($0) }
        depth = components.contains(where: Self.isAny) ? nil : components.count
        needle = Needle(Self.needle(whole))
    }

    private static func needle(_ tokens: [Token]) -> [UInt8] {
        var (best, start) = (0..<0, 0)
        for (index, token) in tokens.enumerated() {
            // Blanks are left out: a line may have more of them.
            if case .literal(let byte) = token, byte != 32 {
                if index + 1 - start > best.count { best = start..<index + 1 }
            } else {
                start = index + 1
            }
        }
        return tokens[best].compactMap { if case .literal(let byte) = $0 { byte } else { nil } }
    }

    /// All of a pattern comes from its text.
    static func == (one: Self, other: Self) -> Bool { one.text == other.text }

    func hash(into hasher: inout Hasher) { hasher.combine(text) }

    /// Whether bytes have what every matching line has; says no quickly to most lines, and to most files as a whole.
    func mayMatch(_ bytes: ArraySlice<UInt8>) -> Bool {
        needle.stands(in: bytes)
    }

    /// The same of a path as a listing has it. A `**` may stand for nothing, without the slash beside it.
    func mayMatch(listed path: ArraySlice<UInt8>) -> Bool {
        depth == nil || hole != nil || needle.stands(in: path)
    }

    /// The most components that a path can have and match; nil if there is a `**`.
    let depth: Int?

    /// Whether it is a path and no pattern.
    var isName: Bool { !text.utf8.contains { "*?[]".utf8.contains($0) } }

    /// The last component if it is a name and no pattern.
    var lastName: String? {
        let literal = components.last?.allSatisfy { if case .literal = $0 { true } else { false } } == true
        return literal ? text.split(separator: "/").last.map(String.init) : nil
    }

    /// What every path that matches begins with, up to a slash: of `src/*/*.py` `src/`. Nothing where the first directory may be any.
    var leadingDirectory: [UInt8] {
        let leading = components.dropLast().prefix { $0.allSatisfy { if case .literal = $0 { true } else { false } } }
        return leading.flatMap { component in
            component.compactMap { if case .literal(let byte) = $0 { byte } else { nil } } + [UInt8(ascii: "/")]
        }
    }

    /// The ending of every name that matches, without the dot: of `*.py` and `main.*.py` both `py`.
    var lastEnding: String? {
        guard let last = text.split(separator: "/").last, let dot = last.lastIndex(of: ".") else { return nil }
        let ending = last[last.index(after: dot)...]
        return ending.utf8.contains { "*?[]<>".utf8.contains($0) } ? nil : String(ending)
    }

    /// Whether a slash-separated path matches.
    func matches(path: String) -> Bool { matches(path: Array(path.utf8)[...]) }

    /// The same of its bytes.
    func matches(path: ArraySlice<UInt8>) -> Bool {
        guard depth != nil else { return matches(path.split(separator: UInt8(ascii: "/"))) }
        var rest = path
        for (index, component) in components.enumerated() {
            let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
            let isLast = index == components.count - 1
            guard (end == rest.endIndex) == isLast, Self.matches(rest[..<end], component) else { return false }
            rest = rest[end...].dropFirst()
        }
        return true
    }

    private func matches(_ parts: [ArraySlice<UInt8>]) -> Bool {
        var reachable = [Bool](repeating: false, count: components.count + 1)
        reachable[0] = true
        Self.skipAny(&reachable, components)
        for part in parts {
            var next = [Bool](repeating: false, count: components.count + 1)
            for index in components.indices where reachable[index] {
                if Self.isAny(components[index]) {
                    next[index] = true
                } else if Self.matches(part, components[index]) {
                    next[index + 1] = true
                }
            }
            Self.skipAny(&next, components)
            reachable = next
        }
        return reachable[components.count]
    }

    /// Whether a line matches; here a slash is a character like any other.
    func matches(line: some Collection<UInt8>) -> Bool {
        let line = Array(line)
        guard Self.matches(line[...], whole) else { return false }
        return hole.map { $0.kind == .anything || $0.filling(in: line) != nil } ?? true
    }
}
