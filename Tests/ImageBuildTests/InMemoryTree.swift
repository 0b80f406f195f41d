import BuildModel
import Platform

/// A tree that is held in memory: what git holds, or what no git would.
struct InMemoryTree: StoredTree {
    struct Item: Sendable, Hashable {
        var kind: TreeEntry.Kind
        var path: [UInt8]
        var content: [UInt8] = []
    }

    struct Missing: Error {}

    let id = ObjectID(bytes: [UInt8](repeating: 1, count: 20))
    /// In the order in which a walk visits them.
    let items: [Item]
    let blobs: any BlobReader
    var details = SourceDetails.none
    private let places: [[UInt8]: Int]
    private let names: [ObjectID]

    init(items: [Item]) {
        self.items = items
        let places = Dictionary(zip(items.map(\.path), items.indices), uniquingKeysWith: { _, last in last })
        let names = Self.names(of: items, places)
        self.names = names
        blobs = InMemoryBlobs(Dictionary(zip(names, items.map(\.content)), uniquingKeysWith: { _, last in last }))
        self.places = places
    }

    /// A directory is called by what is in it, as git does; whatever is in a directory has a longer path.
    private static func names(of items: [Item], _ places: [[UInt8]: Int]) -> [ObjectID] {
        var names = items.map { name(of: $0) }
        var inside: [Int: [UInt8]] = [:]
        for place in items.indices.sorted(by: { items[$0].path.count > items[$1].path.count }) {
            let path = items[place].path
            if items[place].kind == .directory { names[place] = name(of: .file("", bytes: inside[place] ?? [])) }
            var parent = path[...]
            while let slash = parent.lastIndex(of: UInt8(ascii: "/")) {
                parent = parent[..<slash]
                guard let directory = places[Array(parent)] else { continue }
                inside[directory, default: []] += path + Array(" \(names[place])\n".utf8)
                break
            }
        }
        return names
    }

    func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws {
        var skipped: [UInt8]?
        for place in items.indices {
            if let skipped, items[place].path.starts(with: skipped) { continue }
            switch try visit(entry(at: place)) {
            case .stop: return
            case .skipDescendants: skipped = items[place].path + [UInt8(ascii: "/")]
            case .proceed: skipped = nil
            }
        }
    }

    func entry(at path: String) -> TreeEntry? {
        places[Array(path.utf8)].map { entry(at: $0) }
    }

    func withContent<Result>(of entry: TreeEntry, limit: Int64, _ body: (RawSpan) throws -> Result) throws -> Result {
        guard let place = places[entry.path] else { throw Missing() }
        let content = items[place].content
        return try body(content.span.bytes)
    }

    private func entry(at place: Int) -> TreeEntry {
        let item = items[place]
        return TreeEntry(
            kind: item.kind,
            path: item.path,
            objectID: names[place],
            size: Int64(item.content.count)
        )
    }

    private static func name(of item: Item) -> ObjectID {
        ObjectID(bytes: Array(Hexadecimal.decode(Digest(of: item.content).hex.prefix(40)) ?? []))
    }
}

/// Blobs in memory, handed out in pieces of odd sizes.
struct InMemoryBlobs: BlobReader {
    let contents: [ObjectID: [UInt8]]

    init(_ contents: [ObjectID: [UInt8]]) { self.contents = contents }

    func read(_ id: ObjectID, into buffer: UnsafeMutableRawBufferPointer) throws {
        guard let content = contents[id], content.count == buffer.count else { throw InMemoryTree.Missing() }
        buffer.copyBytes(from: content)
    }

    func forEachPiece(of id: ObjectID, size: Int64, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard let content = contents[id] else { throw InMemoryTree.Missing() }
        var rest = content[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(100_003))
            try piece.withUnsafeBytes { try body($0) }
            rest = rest.dropFirst(piece.count)
        }
    }

    func parts(of id: ObjectID, size: Int64) throws -> any BlobParts {
        guard let content = contents[id] else { throw InMemoryTree.Missing() }
        return ContentParts(InMemoryContent(content))
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
