package import BuildModel

/// What `.gitattributes` of a tree asks for that a layer does not do: gitattributes(5). Layers hold files as git keeps them, so what
/// would change them on the way to a working tree is told instead of being passed over in silence.
package enum AttributeNotes {
    private static let maximumBytes: Int64 = 256 << 10

    /// A sentence for each attribute that is set in the file at the tree's top.
    ///
    /// - Throws: what the tree throws; `BuildFailure` with code `limit_exceeded` for a file that no project needs.
    package static func notes(of tree: any SourceTree) throws -> [String] {
        guard let bytes = try tree.bytes(at: ".gitattributes", limit: maximumBytes) else { return [] }
        var found: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let pattern = words.first, !pattern.hasPrefix("#") else { continue }
            for word in words.dropFirst() {
                guard let meaning = meaning(of: word), found[meaning] == nil else { continue }
                found[meaning] = LayerFailure.shown(Array(pattern.utf8))
            }
        }
        return found.sorted { $0.key < $1.key }.map { "'.gitattributes', \($0.value): \($0.key)" }
    }

    private static func meaning(of attribute: Substring) -> String? {
        switch attribute {
        case "filter=lfs": "Git LFS is not asked; the image has the pointers as they are in git"
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
