package import BuildModel

/// What `.gitattributes` files of a tree ask for that a layer does not do: gitattributes(5). Layers hold files as git keeps them, so
/// what would change them on the way to a working tree is told, or refused, instead of being passed over in silence.
package enum AttributeNotes {
    /// What happens where files would be changed.
    package enum Policy: String, Sendable {
        /// The build's log has it.
        case tell
        /// The build fails.
        case refuse
    }

    /// What the files are called.
    package static let fileName = ".gitattributes"
    /// The most bytes that one may have.
    package static let maximumBytes: Int64 = 256 << 10

    private static let name = Array(fileName.utf8)
    private static let maximumFiles = 1000
    /// Of those that are kept out as well, to bound memory.
    private static let mostPaths = 100_000

    /// A sentence for each attribute that is set anywhere in the tree, but for what the ignore rules keep out, with the first file
    /// that sets it.
    ///
    /// - Parameters:
    ///   - directory: where the tree is in its repository; empty for the top. Patterns above that lead elsewhere do not count.
    ///   - above: the files of attributes in the directories above, by their paths from the repository's top.
    /// - Throws: what the tree throws; `BuildFailure` with code `limit_exceeded` for a file that is larger than any project needs.
    package static func notes(
        of tree: any SourceTree,
        at directory: String = "",
        below above: [String: [UInt8]] = [:]
    ) throws -> [String] {
        var found: [String: String] = [:]
        for (path, bytes) in above.sorted(by: { $0.key.utf8.count < $1.key.utf8.count }) {
            let way = directory.utf8.dropFirst(path.utf8.count - name.count)
            let names = way.split(separator: LayerPath.slash).map { Substring($0) }
            collect(bytes, path, into: &found) { mayMatch($0, below: names) }
        }
        let rules = try IgnoreRules.rules(of: tree)
        let paths = try files(of: tree, rules)
        if paths.count > maximumFiles { found[unread] = "more than \(maximumFiles) files '\(fileName)'" }
        for path in paths.prefix(maximumFiles) {
            guard let bytes = try tree.bytes(at: path, limit: maximumBytes) else { continue }
            collect(bytes, directory.isEmpty ? path : "\(directory)/\(path)", into: &found) { _ in true }
        }
        // Git LFS does what the attribute asks for, unless a pointer is left.
        if let place = found.removeValue(forKey: largeFiles), let note = try RemainingPointers(in: tree, rules).note {
            found[note] = place
        }
        return found.sorted { $0.key < $1.key }.map { "\($0.value): \($0.key)" }
    }

    /// Looks whether the policy lets the build go on.
    ///
    /// - Throws: `BuildFailure` with code `attributes_unsupported` that has the sentences.
    package static func check(_ notes: [String], _ policy: Policy) throws {
        if policy == .refuse, !notes.isEmpty { throw LayerFailure.attributes(notes) }
    }

    private static func collect(
        _ bytes: [UInt8],
        _ path: String,
        into found: inout [String: String],
        where counts: (Substring) -> Bool
    ) {
        let shown = LayerFailure.shown(Array(path.utf8))
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let pattern = words.first, !pattern.hasPrefix("#"), counts(pattern) else { continue }
            for word in words.dropFirst() {
                guard let meaning = meaning(of: word), found[meaning] == nil else { continue }
                found[meaning] = "'\(shown)', \(LayerFailure.shown(Array(pattern.utf8)))"
            }
        }
    }

    /// Whether a pattern may match anything in a directory, whose names are relative to the pattern's file. In doubt it does.
    private static func mayMatch(_ pattern: Substring, below names: [Substring]) -> Bool {
        // A quoted pattern, or a macro's definition, or a name that may be anywhere.
        guard !pattern.hasPrefix("\""), !pattern.hasPrefix("[attr]"), pattern.contains("/") else { return true }
        let parts = pattern.split(separator: "/")
        for (part, name) in zip(parts, names) {
            if part.contains("**") { return true }
            guard part == name || part.contains(where: { "*?[\\".contains($0) }) else { return false }
        }
        // A pattern of a directory says nothing of what is in it.
        return parts.count > names.count
    }

    private static func files(of tree: any SourceTree, _ rules: IgnoreRules) throws -> [String] {
        var paths: [[UInt8]] = []
        // Directories that are kept out, and have something that is let back in.
        var inhabited: Set<[UInt8]> = []
        try tree.walkNames { kind, bytes in
            let path = [UInt8](copying: bytes)
            // The files themselves may well stay out: what they are about is in the image.
            if kind != .directory, isAttributes(path), paths.count < mostPaths { paths.append(path) }
            if rules.keepsOut(path, {}) {
                return kind == .directory && !rules.letsBackIn ? .skipDescendants : .proceed
            }
            if rules.letsBackIn, kind != .directory {
                var above = directory(of: path)
                while !above.isEmpty, inhabited.insert(above).inserted { above = directory(of: above) }
            }
            return .proceed
        }
        return paths.filter { path in
            let directory = directory(of: path)
            return directory.isEmpty || inhabited.contains(directory) || !rules.keepsOut(directory, {})
        }.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func directory(of path: [UInt8]) -> [UInt8] {
        Array(path[..<(path.lastIndex(of: LayerPath.slash) ?? 0)])
    }

    private static func isAttributes(_ path: [UInt8]) -> Bool {
        path.count >= name.count && path.suffix(name.count).elementsEqual(name)
            && (path.count == name.count || path[path.count - name.count - 1] == LayerPath.slash)
    }

    private static let unread = "no more are looked at; what the others ask for is not applied"

    /// Stands for what `RemainingPointers` finds.
    private static let largeFiles = "filter=lfs"

    private static func meaning(of attribute: Substring) -> String? {
        switch attribute {
        case "filter=lfs": largeFiles
        case "export-subst": "'export-subst' is not applied; placeholders stay as they are in git"
        case "ident": "'ident' is not applied; '$Id$' stays as it is in git"
        case "eol=crlf": "'eol=crlf' is not applied; line ends stay as they are in git"
        case _ where attribute.hasPrefix("working-tree-encoding="):
            "'working-tree-encoding' is not applied; files stay as they are in git"
        case _ where attribute.hasPrefix("filter="): "filters are not run; files stay as they are in git"
        default: nil
        }
    }
}
