internal import Documents

/// Ways through a document.
enum DataPath {
    /// Values at one path, at most.
    private static let maximumValues = 10_000

    /// The values at a path with their lines, in the document's order. A key may be a pattern, `*` is any; a list on the way stands for
    /// each of its elements.
    ///
    /// - Parameter isOfElements: whether a list at the path's end does, too.
    static func values(
        in root: YAMLNode,
        at path: [String],
        isOfElements: Bool = false
    ) -> [(node: YAMLNode, line: Int, key: String)] {
        var found = [(node: root, line: root.line, key: "")]
        for key in path {
            let pattern = key.contains("*") ? GlobPattern(key) : nil
            var next: [(node: YAMLNode, line: Int, key: String)] = []
            for value in found {
                for node in elements(of: value.node) {
                    for entry in node.entries ?? [] where next.count < maximumValues {
                        guard pattern?.matches(line: entry.key.utf8) ?? (entry.key == key) else { continue }
                        next.append((entry.value, entry.line, entry.key))
                        if pattern == nil { break }
                    }
                }
                if key == "*", let elements = value.node.elements {
                    next += elements.prefix(maximumValues - next.count).map { ($0, $0.line, "") }
                }
            }
            found = next
        }
        guard isOfElements else { return found }
        return found.flatMap { value in
            value.node.elements?.prefix(maximumValues).map { ($0, $0.line, value.key) } ?? [value]
        }
    }

    private static func elements(of node: YAMLNode) -> [YAMLNode] { node.elements ?? [node] }
}
