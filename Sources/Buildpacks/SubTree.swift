internal import BuildModel

/// The upper levels of a tree, walked once, from which the trees of its directories are cut.
final class TreeOutline {
    let tree: any SourceTree
    /// In the order of their paths: what is in a directory follows it.
    private(set) var entries: [(kind: TreeEntry.Kind, path: String)] = []
    /// Where what is in a directory begins and ends, by path; the root's is empty.
    private(set) var ranges: [String: Range<Int>] = [:]
    /// Bytes of files that the trees of directories have lent.
    var bytesRead = 0

    init(_ tree: any SourceTree, depth: Int, ignore: Set<String>) throws {
        self.tree = tree
        var bytes = 0
        try tree.walkNames { kind, bytesOfPath in
            bytes += bytesOfPath.count
            guard entries.count < TreeListing.entryLimit, bytes <= TreeListing.byteLimit else { return .stop }
            guard let path = String(path: bytesOfPath) else { return .skipDescendants }
            entries.append((kind, path))
            guard kind == .directory else { return .proceed }
            let name = path.split(separator: "/").last.map(String.init) ?? ""
            return name.hasPrefix(".") || ignore.contains(name) || bytesOfPath.level >= depth
                ? .skipDescendants : .proceed
        }
        entries.sort { $0.path.precedes($1.path) }
        findRanges()
    }

    private func findRanges() {
        ranges[""] = 0..<entries.count
        for (index, item) in entries.enumerated() where item.kind == .directory {
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
        try walkNames { _, path in
            guard let path = String(path: path), let entry = try entry(at: path) else { return .skipDescendants }
            return try visit(entry)
        }
    }

    func walkNames(_ visit: (TreeEntry.Kind, Span<UInt8>) throws -> WalkDirective) throws {
        var skipped: String?
        for (kind, path) in outline.entries[outline.ranges[directory] ?? 0..<0] {
            if let prefix = skipped, path.hasPrefix(prefix) { continue }
            switch try visit(kind, Array(path.utf8.dropFirst(prefix.utf8.count)).span) {
            case .stop: return
            case .skipDescendants: skipped = kind == .directory ? path + "/" : skipped
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
        return try outline.tree.withContent(of: entry, limit: limit) { bytes in
            outline.bytesRead += bytes.byteCount
            return try body(bytes)
        }
    }
}
