internal import BuildModel

/// The upper levels of a tree, walked once, from which the trees of its directories are cut.
final class TreeOutline {
    let tree: any SourceTree
    /// In the order of the walk: what is in a directory follows it.
    private(set) var entries: [(entry: TreeEntry, path: String)] = []
    /// Where what is in a directory begins and ends, by path; the root's is empty.
    private(set) var ranges: [String: Range<Int>] = [:]

    init(_ tree: any SourceTree, depth: Int, ignore: Set<String>) throws {
        self.tree = tree
        var bytes = 0
        try tree.walkNames { entry in
            bytes += entry.path.count
            guard entries.count < TreeListing.entryLimit, bytes <= TreeListing.byteLimit else { return .stop }
            guard let path = String(validating: entry.path, as: UTF8.self) else { return .skipDescendants }
            entries.append((entry, path))
            guard entry.kind == .directory else { return .proceed }
            let name = path.split(separator: "/").last.map(String.init) ?? ""
            let level = path.utf8.count { $0 == UInt8(ascii: "/") } + 1
            return name.hasPrefix(".") || ignore.contains(name) || level >= depth ? .skipDescendants : .proceed
        }
        entries.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        findRanges()
    }

    private func findRanges() {
        ranges[""] = 0..<entries.count
        for (index, item) in entries.enumerated() where item.entry.kind == .directory {
            let prefix = item.path + "/"
            // What sorts between a directory and what is in it (`a-b` and `a.c` before `a/x`) is few.
            var start = index + 1
            while start < entries.count, !entries[start].path.hasPrefix(prefix),
                entries[start].path.hasPrefix(item.path)
            {
                start += 1
            }
            var end = start
            while end < entries.count, entries[end].path.hasPrefix(prefix) { end += 1 }
            ranges[item.path] = start..<end
        }
    }
}

/// A directory of a tree as a tree of its own.
struct SubTree: SourceTree {
    let outline: TreeOutline
    /// Empty for the root.
    let directory: String

    var id: ObjectID { outline.tree.id }

    private var prefix: String { directory.isEmpty ? "" : directory + "/" }

    func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws {
        var skipped: String?
        for (entry, path) in outline.entries[outline.ranges[directory] ?? 0..<0] {
            if let prefix = skipped, path.hasPrefix(prefix) { continue }
            var entry = entry
            entry.path = Array(entry.path.dropFirst(prefix.utf8.count))
            switch try visit(entry) {
            case .stop: return
            case .skipDescendants: skipped = entry.kind == .directory ? path + "/" : skipped
            case .proceed: continue
            }
        }
    }

    func entry(at path: String) throws -> TreeEntry? {
        guard var entry = try outline.tree.entry(at: prefix + path) else { return nil }
        entry.path = Array(path.utf8)
        return entry
    }

    func withContent<Result>(of entry: TreeEntry, limit: Int64, _ body: (RawSpan) throws -> Result) throws -> Result {
        var entry = entry
        entry.path = Array(prefix.utf8) + entry.path
        return try outline.tree.withContent(of: entry, limit: limit, body)
    }
}
