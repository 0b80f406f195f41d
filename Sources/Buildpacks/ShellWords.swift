internal import BuildModel

/// A command line taken apart as a POSIX shell would (XCU 2.2, "Quoting"), and whether a shell is needed to run it.
struct ShellWords {
    private(set) var words: [String] = []
    /// A variable, a pattern, a redirection or an operator: only a shell gives these their meaning.
    private(set) var needsShell = false
    /// Several commands, or one that is the shell's own: `exec` cannot go in front.
    private(set) var isCompound = false

    private var word: String?

    private static let builtins: Set<String> = [
        "cd", "export", "exec", "source", ".", "set", "unset", "ulimit", "umask", "trap", "wait", "eval", "if", "for",
        "while", "until", "case", "test", "[", "{", "!", ":", "alias", "read", "shift", "command",
    ]

    /// - Throws: `BuildFailure` with code `invalid_start_command` if a quote does not end or nothing is left.
    init(_ text: String, source: String) throws(BuildFailure) {
        guard !text.utf8.contains(0) else { throw Self.invalid(source, "holds a NUL byte") }
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "'": try take(until: "'", from: &rest, source)
            case "\"": try takeDoubleQuoted(from: &rest, source)
            case "\\": if let next = rest.popFirst() { append(next) }
            case " ", "\t", "\r": endWord()
            default: takePlain(scalar)
            }
        }
        endWord()
        guard !words.isEmpty else { throw Self.invalid(source, "is empty") }
        judgeFirstWord()
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        word = word ?? ""
        word?.unicodeScalars.append(scalar)
    }

    private mutating func endWord() {
        if let word { words.append(word) }
        word = nil
    }

    private mutating func takePlain(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "|", "&", ";", "(", ")", "\n": (needsShell, isCompound) = (true, true)
        case "$", "`", "<", ">", "*", "?", "[": needsShell = true
        case "~", "#": needsShell = needsShell || word == nil
        case "{", "}": needsShell = needsShell || word == nil
        default: break
        }
        append(scalar)
    }

    private mutating func take(
        until end: Unicode.Scalar,
        from rest: inout Substring.UnicodeScalarView,
        _ source: String
    ) throws(BuildFailure) {
        word = word ?? ""
        while let scalar = rest.popFirst() {
            if scalar == end { return }
            append(scalar)
        }
        throw Self.invalid(source, "has a quote that does not end")
    }

    private mutating func takeDoubleQuoted(
        from rest: inout Substring.UnicodeScalarView,
        _ source: String
    ) throws(BuildFailure) {
        word = word ?? ""
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"": return
            case "\\":
                if let next = rest.first, ["$", "`", "\"", "\\", "\n"].contains(next) {
                    rest.removeFirst()
                    append(next)
                } else {
                    append(scalar)
                }
            case "$", "`":
                needsShell = true
                append(scalar)
            default: append(scalar)
            }
        }
        throw Self.invalid(source, "has a quote that does not end")
    }

    /// An assignment in front or a word of the shell itself.
    private mutating func judgeFirstWord() {
        guard let first = words.first else { return }
        let name = first.prefix { $0 != "=" }
        let isAssignment =
            first.contains("=") && !name.isEmpty
            && name.unicodeScalars.allSatisfy { $0 == "_" || ($0.isASCII && $0.properties.isAlphabetic) || $0.isDigit }
        if isAssignment || Self.builtins.contains(first) { (needsShell, isCompound) = (true, true) }
    }

    private static func invalid(_ source: String, _ reason: String) -> BuildFailure {
        .plan(.invalidStartCommand, "The start command (\(source)) \(reason).")
    }
}

extension Unicode.Scalar {
    fileprivate var isDigit: Bool { ("0"..."9").contains(self) }
}
