import BuildModel
import Platform

/// A tree that is held in memory: what git holds, or what no git would.
struct InMemoryTree: SourceTree {
    struct Item: Sendable, Hashable {
        var kind: TreeEntry.Kind
        var path: [UInt8]
        var content: [UInt8] = []
    }

    struct Missing: Error {}

    let id = ObjectID(bytes: [UInt8](repeating: 1, count: 20))
    /// In the order in which a walk visits them.
    let items: [Item]
    private let places: [[UInt8]: Int]

    init(items: [Item]) {
        self.items = items
        places = Dictionary(zip(items.map(\.path), items.indices), uniquingKeysWith: { _, last in last })
    }

    func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws {
        for item in items where try visit(entry(for: item)) == .stop { return }
    }

    func entry(at path: String) -> TreeEntry? {
        places[Array(path.utf8)].map { self.entry(for: items[$0]) }
    }

    func withContent<Result>(of entry: TreeEntry, limit: Int64, _ body: (RawSpan) throws -> Result) throws -> Result {
        guard let place = places[entry.path] else { throw Missing() }
        let content = items[place].content
        return try body(content.span.bytes)
    }

    private func entry(for item: Item) -> TreeEntry {
        let content = ObjectID(hex: String(Digest(of: item.content).hex.prefix(40))) ?? id
        return TreeEntry(kind: item.kind, path: item.path, objectID: content, size: Int64(item.content.count))
    }
}

extension InMemoryTree.Item {
    static func file(_ path: String, _ content: String = "") -> Self {
        Self(kind: .file, path: Array(path.utf8), content: Array(content.utf8))
    }

    static func file(_ path: String, bytes: [UInt8]) -> Self {
        Self(kind: .file, path: Array(path.utf8), content: bytes)
    }

    static func executable(_ path: String, _ content: String = "") -> Self {
        Self(kind: .executable, path: Array(path.utf8), content: Array(content.utf8))
    }

    static func link(_ path: String, _ target: String) -> Self {
        Self(kind: .symbolicLink, path: Array(path.utf8), content: Array(target.utf8))
    }

    static func directory(_ path: String) -> Self {
        Self(kind: .directory, path: Array(path.utf8))
    }
}
