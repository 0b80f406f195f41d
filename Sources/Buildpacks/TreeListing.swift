internal import BuildModel

/// The files of a tree's upper levels by path, and by level, name and the name's ending, so that a pattern looks at few of them.
struct TreeListing {
    /// Entries that are listed at most.
    static let entryLimit = 200_000
    /// Bytes of all paths that are listed at most.
    static let byteLimit = 32 << 20

    /// Levels that a pattern with `**` looks into, however many were listed for others.
    static let anyDepth = 6
    /// Levels more below `src/main`, where packages begin: `src/main/java/com/example/demo` alone is six.
    private static let sourceDepth = 2

    /// Levels that were listed; `Int.max` if there are no more.
    private(set) var depth: Int
    /// Paths of regular files, sorted by their bytes.
    private(set) var files = PathList()
    /// Paths of links and submodules, which rules never follow.
    private(set) var others: [String] = []
    /// The entries of the root by name.
    private(set) var top: [String: TreeEntry.Kind] = [:]
    /// Whether the tree has more entries than are listed.
    private(set) var isTruncated = false
    /// Names of directories that are not listed.
    private let ignored: Set<String>
    /// Positions in `files` by level, and of the levels that a pattern asked for by name and ending.
    private var levels: [[Int]] = []
    private var indexes: [Int: LevelIndex] = [:]

    /// - Parameters:
    ///   - depth: levels that are listed.
    ///   - ignore: names of directories that are not, besides those that start with a dot.
    init(_ tree: any SourceTree, depth: Int, ignore: Set<String>) throws {
        self.depth = depth
        ignored = ignore
        let ignoredBytes = Set(ignore.map { Array($0.utf8) })
        var (count, bytes, isWhole) = (0, 0, true)
        try tree.walkNames { kind, bytesOfPath in
            count += 1
            bytes += bytesOfPath.count
            guard count <= Self.entryLimit, bytes <= Self.byteLimit else {
                isTruncated = true
                return .stop
            }
            // A name that is no UTF-8 is nothing that a rule could ask for.
            guard bytesOfPath.isText else { return .skipDescendants }
            let level = bytesOfPath.level
            if level == 1, let name = String(path: bytesOfPath) { top[name] = kind }
            switch kind {
            case .file, .executable: files.append(bytesOfPath)
            case .symbolicLink, .submodule: others += String(path: bytesOfPath).map { [$0] } ?? []
            case .directory:
                let name = bytesOfPath.lastComponent
                guard name.first != UInt8(ascii: "."), !ignoredBytes.contains(name) else { return .skipDescendants }
                let deepest = bytesOfPath.isBelowSources ? depth + Self.sourceDepth : depth
                isWhole = isWhole && level < deepest
                return level < deepest ? .proceed : .skipDescendants
            }
            return .proceed
        }
        if isWhole { self.depth = .max }
        files.sort()
        others.sort { $0.precedes($1) }
        for position in files.indices {
            let level = files.withBytes(at: position) { unsafe $0.level }
            while levels.count < level { levels.append([]) }
            levels[level - 1].append(position)
        }
    }

    /// Files that match, in the order of their bytes; those in a directory of one of the names do not count.
    mutating func matches(_ pattern: GlobPattern, ignore: Set<String>) -> some Sequence<String> {
        let files = files
        // What was not listed need not be looked for again.
        let further = ignore.isSubset(of: ignored) ? [] : ignore
        return below(pattern.leadingDirectory, positions(for: pattern)).lazy.filter { position in
            let path = files[bytesAt: position]
            return pattern.mayMatch(listed: path) && pattern.matches(path: path)
        }
        .map { files[$0] }
        .filter { path in
            further.isEmpty || !path.split(separator: "/").dropLast().contains { further.contains(String($0)) }
        }
    }

    /// Those of the positions whose paths begin with some bytes: they lie side by side.
    private func below(_ directory: [UInt8], _ positions: [Int]) -> ArraySlice<Int> {
        guard !directory.isEmpty else { return positions[...] }
        let start = Self.count(of: positions) { files[bytesAt: $0].lexicographicallyPrecedes(directory) }
        return positions[start...].prefix(
            Self.count(of: positions[start...]) { files[bytesAt: $0].starts(with: directory) }
        )
    }

    /// How many of the first positions are as asked for, where those that are go before all others.
    private static func count(of positions: some RandomAccessCollection<Int>, while isFirst: (Int) -> Bool) -> Int {
        var (low, high) = (0, positions.count)
        while low < high {
            let middle = (low + high) / 2
            let position = positions[positions.index(positions.startIndex, offsetBy: middle)]
            if isFirst(position) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Where files are that may match; all that do are among them.
    private mutating func positions(for pattern: GlobPattern) -> [Int] {
        let (name, ending) = (pattern.lastName, pattern.lastEnding)
        let keys = (name.map { LevelIndex.key($0.utf8) }, ending.map { LevelIndex.key($0.utf8) })
        guard let depth = pattern.depth else {
            let upper = levels.indices.prefix(Self.anyDepth).flatMap { positions(of: keys, level: $0) }
            let lower = levels.indices.dropFirst(Self.anyDepth).prefix(Self.sourceDepth)
                .flatMap { positions(of: keys, level: $0) }
            return (upper + lower.filter { files.withBytes(at: $0) { unsafe $0.isBelowSources } }).sorted()
        }
        return levels.indices.contains(depth - 1) ? positions(of: keys, level: depth - 1) : []
    }

    private mutating func positions(of keys: (name: UInt64?, ending: UInt64?), level: Int) -> [Int] {
        guard keys.name != nil || keys.ending != nil else { return levels[level] }
        let index = indexes[level] ?? LevelIndex(levels[level], of: files)
        indexes[level] = index
        return keys.name.map { index.byName[$0] ?? [] } ?? keys.ending.flatMap { index.byEnding[$0] } ?? []
    }
}

/// Files of one level by a hash of their name and one of the name's ending: quick to make, and what a look-up finds is looked at again.
private struct LevelIndex {
    private(set) var byName: [UInt64: [Int]] = [:]
    private(set) var byEnding: [UInt64: [Int]] = [:]

    init(_ positions: [Int], of files: PathList) {
        for position in positions {
            let keys = files.withBytes(at: position) { path in
                let name = unsafe path[path.endOfDirectory...]
                let ending = unsafe name.lastIndex(of: UInt8(ascii: ".")).map { unsafe name[($0 + 1)...] }
                return unsafe (name: Self.key(name), ending: ending.map { unsafe Self.key($0) })
            }
            byName[keys.name, default: []].append(position)
            if let ending = keys.ending { byEnding[ending, default: []].append(position) }
        }
    }

    /// FNV-1a.
    static func key(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
