package import BuildModel

/// What a source tree keeps out of its image: `.slipwayignore`, or `.dockerignore` where there is none, in the latter's language.
///
/// A pattern is matched from the tree's root against an entry and every directory above it; the last one that matches wins, and
/// `!` in front lets back in. `*`, `?` and `[a-z]` stay within a name, `**` stands for any number of directories.
struct IgnoreRules {
    /// Names the language; part of every layer's key. The files themselves are part of the tree.
    static let policy = "ignore-v1"
    private static let names = [".slipwayignore", ".dockerignore"]
    private static let maximumBytes: Int64 = 256 << 10
    private static let maximumPatterns = 2000
    /// The longest path that there can be.
    private static let maximumPattern = 4096

    private struct Rule {
        var pattern: PathPattern
        var letsIn: Bool
    }

    private var rules: [Rule] = []
    /// Whether anything in a directory that is kept out may be let back in.
    private(set) var letsBackIn = false

    /// The rules of a tree.
    ///
    /// - Throws: `BuildFailure` with code `limit_exceeded` for a file or a number of patterns that no project needs; what the
    ///   tree throws.
    static func rules(of tree: any SourceTree) throws -> IgnoreRules {
        for name in names {
            guard let bytes = try tree.bytes(at: name, limit: maximumBytes) else { continue }
            return try IgnoreRules(parsing: bytes, name: name)
        }
        return try IgnoreRules(parsing: [], name: "")
    }

    /// Names the rules of a tree: the path and id of their file.
    static func name(of tree: any SourceTree) throws -> String {
        for name in names {
            if let entry = try tree.entry(at: name), entry.kind == .file || entry.kind == .executable {
                return "\(name) \(entry.objectID.hex)"
            }
        }
        return "none"
    }

    /// Reads patterns, one on each line; `#` begins a comment.
    init(parsing bytes: [UInt8], name: String) throws(BuildFailure) {
        let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]
        let text = bytes.starts(with: byteOrderMark) ? bytes.dropFirst(3) : bytes[...]
        for line in text.split(separator: UInt8(ascii: "\n")) {
            var pattern = Self.trimmed(line)
            guard let first = pattern.first, first != UInt8(ascii: "#") else { continue }
            let letsIn = first == UInt8(ascii: "!")
            if letsIn { pattern = Self.trimmed(pattern.dropFirst()) }
            guard pattern.count <= Self.maximumPattern else {
                throw LayerFailure.longPattern(name, count: pattern.count, limit: Self.maximumPattern)
            }
            guard let parsed = PathPattern(pattern) else { continue }
            rules.append(Rule(pattern: parsed, letsIn: letsIn))
            letsBackIn = letsBackIn || letsIn
        }
        guard rules.count <= Self.maximumPatterns else {
            throw LayerFailure.tooManyPatterns(name, count: rules.count, limit: Self.maximumPatterns)
        }
    }

    /// Whether an entry stays out.
    ///
    /// - Parameter check: called before each pattern: many long ones and a deep path take their time.
    func keepsOut(_ path: [UInt8], _ check: () throws -> Void) rethrows -> Bool {
        guard !rules.isEmpty else { return false }
        let names = path.split(separator: LayerPath.slash)
        for rule in rules.reversed() {
            try check()
            if rule.pattern.matches(names) { return !rule.letsIn }
        }
        return false
    }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
        var line = line.drop(while: isSpace)
        while let last = line.last, isSpace(last) { line.removeLast() }
        return line
    }
}

extension LayerWriter {
    /// Those of some directories that a tree's ignore rules keep out of its layer, with all that is in them. None where a pattern may
    /// let something back in.
    ///
    /// - Parameter directories: relative to the tree's root.
    /// - Throws: `BuildFailure` with code `limit_exceeded` for rules that no project needs; what the tree throws.
    package static func keptOut(_ directories: [String], of tree: any SourceTree) throws -> Set<String> {
        let rules = try IgnoreRules.rules(of: tree)
        guard !rules.letsBackIn else { return [] }
        return Set(directories.filter { rules.keepsOut(Array($0.utf8)) {} })
    }
}
