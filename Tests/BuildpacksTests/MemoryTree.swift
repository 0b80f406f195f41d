import BuildModel

/// A source tree in memory, for rules: files, links and directories by path, walked in any order that a test wants.
struct MemoryTree: SourceTree {
    enum Node {
        case file([UInt8])
        case executable([UInt8])
        case link(String)
        case submodule
    }

    let id = ObjectID(bytes: [UInt8](repeating: 7, count: 20))
    /// Parents before children, as any order keeps them.
    private var entries: [TreeEntry] = []
    private var paths: Set<[UInt8]> = []
    private var nodes: [[UInt8]: Node] = [:]

    init(_ files: [String: String] = [:]) {
        for path in files.keys.sorted() { add(path, .file(Array((files[path] ?? "").utf8))) }
    }

    mutating func add(_ path: String, _ node: Node) { add(Array(path.utf8), node) }

    mutating func add(_ path: [UInt8], _ node: Node) {
        let parts = path.split(separator: UInt8(ascii: "/"))
        for count in 1..<max(parts.count, 1) {
            let parent = Array(parts.prefix(count).joined(separator: [UInt8(ascii: "/")]))
            guard paths.insert(parent).inserted else { continue }
            entries.append(TreeEntry(kind: .directory, path: parent, objectID: id, size: 0))
        }
        nodes[path] = node
        paths.insert(path)
        let size = content(path)?.count ?? 0
        entries.append(TreeEntry(kind: kind(of: node), path: path, objectID: id, size: Int64(size)))
    }

    private func kind(of node: Node) -> TreeEntry.Kind {
        switch node {
        case .file: .file
        case .executable: .executable
        case .link: .symbolicLink
        case .submodule: .submodule
        }
    }

    private func content(_ path: [UInt8]) -> [UInt8]? {
        switch nodes[path] {
        case .file(let bytes), .executable(let bytes): bytes
        case .link(let target): Array(target.utf8)
        default: nil
        }
    }

    /// A directory of it.
    func directory(_ directory: String) -> MemoryTree {
        let prefix = Array("\(directory)/".utf8)
        var below = MemoryTree()
        for entry in entries where entry.path.starts(with: prefix) {
            if let node = nodes[entry.path] { below.add(Array(entry.path.dropFirst(prefix.count)), node) }
        }
        return below
    }

    /// Gives a file or link another content.
    mutating func rewrite(_ path: [UInt8], _ content: [UInt8]) {
        switch nodes[path] {
        case .file: nodes[path] = .file(content)
        case .executable: nodes[path] = .executable(content)
        case .link: nodes[path] = .link(String(decoding: content, as: UTF8.self))
        default: return
        }
        for index in entries.indices where entries[index].path == path { entries[index].size = Int64(content.count) }
    }

    /// The same tree, walked in another order; parents stay before their children.
    func shuffled(using generator: inout some RandomNumberGenerator) -> MemoryTree {
        var copy = self
        let ranked = entries.shuffled(using: &generator)
        var ranks: [[UInt8]: Int] = [:]
        for (rank, entry) in ranked.enumerated() { ranks[entry.path] = rank }
        let keys = Dictionary(uniqueKeysWithValues: entries.map { ($0.path, Self.ranks(above: $0.path, ranks)) })
        copy.entries = ranked.sorted { (keys[$0.path] ?? []).lexicographicallyPrecedes(keys[$1.path] ?? []) }
        return copy
    }

    /// The rank of each directory above a path, and its own.
    private static func ranks(above path: [UInt8], _ ranks: [[UInt8]: Int]) -> [Int] {
        let ends = path.indices.filter { path[$0] == UInt8(ascii: "/") } + [path.endIndex]
        return ends.map { ranks[Array(path[..<$0])] ?? 0 }
    }

    /// The same with another tree's files in a directory of it.
    mutating func add(_ tree: MemoryTree, in directory: String) {
        for entry in tree.entries {
            if let node = tree.nodes[entry.path] { add(Array("\(directory)/".utf8) + entry.path, node) }
        }
    }

    func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws {
        var skipped: [[UInt8]] = []
        for entry in entries where !skipped.contains(where: { entry.path.starts(with: $0) }) {
            switch try visit(entry) {
            case .proceed: continue
            case .skipDescendants: if entry.kind == .directory { skipped.append(entry.path + [UInt8(ascii: "/")]) }
            case .stop: return
            }
        }
    }

    func entry(at path: String) throws -> TreeEntry? {
        let bytes = Array(path.utf8)
        return entries.first { $0.path == bytes }
    }

    func withContent<Result>(of entry: TreeEntry, limit: Int64, _ body: (RawSpan) throws -> Result) throws -> Result {
        guard entry.size <= limit else {
            throw BuildFailure(.code, .limitExceeded, operation: "tree.read", message: "It has \(entry.size) bytes.")
        }
        let bytes = content(entry.path) ?? []
        return try body(bytes.span.bytes)
    }
}
