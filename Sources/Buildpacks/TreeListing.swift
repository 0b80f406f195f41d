internal import BuildModel

/// The files of a tree's upper levels by path, and by the name and the ending of the name, so that a pattern looks at few of them.
struct TreeListing {
    /// Entries that are listed at most.
    static let entryLimit = 200_000

    /// Levels that were listed.
    let depth: Int
    /// Paths of regular files, sorted by their bytes.
    private(set) var files: [String] = []
    /// Paths of links and submodules, which rules never follow.
    private(set) var others: [String] = []
    /// The entries of the root by name.
    private(set) var top: [String: TreeEntry.Kind] = [:]
    /// Whether the tree has more entries than are listed.
    private(set) var isTruncated = false
    private var byName: [Substring: [Int]] = [:]
    private var byEnding: [Substring: [Int]] = [:]

    /// - Parameters:
    ///   - depth: levels that are listed.
    ///   - ignore: names of directories that are not, besides those that start with a dot.
    init(_ tree: any SourceTree, depth: Int, ignore: Set<String>) throws {
        self.depth = depth
        let ignored = Set(ignore.map { Array($0.utf8) })
        var count = 0
        try tree.walkNames { entry in
            count += 1
            guard count <= Self.entryLimit else {
                isTruncated = true
                return .stop
            }
            // A name that is no UTF-8 is nothing that a rule could ask for.
            guard let path = String(validating: entry.path, as: UTF8.self) else { return .skipDescendants }
            let level = entry.path.count { $0 == UInt8(ascii: "/") } + 1
            if level == 1 { top[path] = entry.kind }
            switch entry.kind {
            case .file, .executable: files.append(path)
            case .symbolicLink, .submodule: others.append(path)
            case .directory:
                let start = entry.path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
                let name = entry.path[start...]
                let isHidden = name.first == UInt8(ascii: ".")
                return isHidden || level >= depth || ignored.contains(Array(name)) ? .skipDescendants : .proceed
            }
            return .proceed
        }
        Self.sort(&files)
        Self.sort(&others)
        index()
    }

    /// Trees are walked in an order that is that of their paths; only if one is not, there is something to do.
    private static func sort(_ paths: inout [String]) {
        let isSorted = zip(paths, paths.dropFirst()).allSatisfy { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        if !isSorted { paths.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
    }

    private mutating func index() {
        for (position, path) in files.enumerated() {
            let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
            let name = slash.map { path[path.utf8.index(after: $0)...] } ?? path[...]
            byName[name, default: []].append(position)
            guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { continue }
            byEnding[name[name.utf8.index(after: dot)...], default: []].append(position)
        }
    }

    /// Files that match, in the order of their bytes; those in a directory of one of the names do not count.
    func matches(_ pattern: GlobPattern, ignore: Set<String>) -> some Sequence<String> {
        let positions =
            if let name = pattern.lastName {
                byName[name[...]] ?? []
            } else if let ending = pattern.lastEnding {
                byEnding[ending[...]] ?? []
            } else {
                Array(files.indices)
            }
        return positions.lazy.map { files[$0] }.filter { path in
            pattern.matches(path: path)
                && !path.split(separator: "/").dropLast().contains { ignore.contains(String($0)) }
        }
    }
}
