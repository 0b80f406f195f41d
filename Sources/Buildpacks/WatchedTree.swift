internal import BuildModel

/// A tree that notes whose contents are asked for, and tells names and kinds of all others: what was made of it is the same for every
/// tree with these names and kinds, and these contents.
///
/// Ids and sizes are told of nothing, so that nobody can depend on them without being seen. Confined to the call that plans.
final class WatchedTree: SourceTree {
    private let tree: any SourceTree
    private var entries: [[UInt8]: TreeEntry] = [:]
    /// Paths of those whose content was asked for, had or not.
    private(set) var read: Set<[UInt8]> = []

    private static let nothing = ObjectID(bytes: [UInt8](repeating: 0, count: 20))

    init(_ tree: any SourceTree) {
        self.tree = tree
    }

    var id: ObjectID { Self.nothing }

    func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws {
        try tree.walk { try visit(Self.bare($0)) }
    }

    func walkNames(_ visit: (TreeEntry.Kind, Span<UInt8>) throws -> WalkDirective) throws {
        try tree.walkNames(visit)
    }

    func entry(at path: String) throws -> TreeEntry? {
        guard let entry = try tree.entry(at: path) else { return nil }
        entries[entry.path] = entry
        return Self.bare(entry)
    }

    func withContent<Result>(of entry: TreeEntry, limit: Int64, _ body: (RawSpan) throws -> Result) throws -> Result {
        read.insert(entry.path)
        guard let whole = try entries[entry.path] ?? tree.entry(at: entry.displayPath), whole.path == entry.path else {
            throw BuildFailure.damaged(entry)
        }
        return try tree.withContent(of: whole, limit: limit, body)
    }

    private static func bare(_ entry: TreeEntry) -> TreeEntry {
        TreeEntry(kind: entry.kind, path: entry.path, objectID: nothing, size: 0)
    }
}

extension BuildFailure {
    fileprivate static func damaged(_ entry: TreeEntry) -> BuildFailure {
        BuildFailure(
            .platform,
            .internal,
            operation: "plan",
            message: "'\(entry.displayPath)' is asked for, and is nothing of the tree."
        )
    }
}
