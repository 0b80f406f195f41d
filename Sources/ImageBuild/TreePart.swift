package import BuildModel
internal import Platform

/// A part of a tree that becomes a layer of its own.
package struct TreePart: Sendable, Hashable {
    let range: LayerRange
    /// sha256 of all that determines the part: its subtrees and files by their paths and ids, and the ignore rules. nil for a
    /// whole tree, whose id says it all.
    let content: Digest?
    /// Which part of how many it is, and where it begins; for people.
    package let name: String

    /// The first path of the part; empty for what begins with its tree.
    package var start: [UInt8] { range.start ?? [] }

    package static let whole = TreePart()

    /// The parts of a tree, in order. Only directories that are cut are opened.
    package static func parts(of tree: any SourceTree, _ split: LayerSplit) throws -> [TreePart] {
        let ranges = split.ranges
        guard ranges.count > 1 else { return [.whole] }
        let rules = try IgnoreRules.name(of: tree)
        let above = Set(split.cuts.flatMap(LayerPath.ancestors))
        var hashers = [PartHasher(rules: rules)]
        try tree.walk { entry in
            if hashers.count < ranges.count, split.cuts[hashers.count - 1] == entry.path {
                hashers.append(PartHasher(rules: rules))
            }
            let isCut = above.contains(entry.path)
            hashers[hashers.count - 1].add(entry, isCut: isCut)
            return isCut ? .proceed : .skipDescendants
        }
        // A cut that the walk did not meet would leave a part without an end.
        guard hashers.count == ranges.count else { return [.whole] }
        return zip(ranges, hashers).enumerated().map { index, part in
            TreePart(part.0, content: part.1.digest, index: index, of: ranges.count)
        }
    }

    init(_ range: LayerRange, content: Digest, index: Int, of count: Int) {
        self.range = range
        self.content = content
        let start = range.start.map { " from \(LayerFailure.shown($0))" } ?? ""
        name = "part \(index + 1) of \(count)\(start)"
    }

    private init() {
        range = .whole
        content = nil
        name = ""
    }
}

/// What a part holds, as one digest.
private struct PartHasher {
    private let hasher = SHA256Hasher()

    init(rules: String) { hasher.update(Array("part \(rules)\n".utf8)) }

    /// - Parameter isCut: whether the entry is a directory that is not whole in one part; its id says nothing then.
    func add(_ entry: TreeEntry, isCut: Bool) {
        let id = isCut ? "cut" : entry.objectID.hex
        hasher.update(Array("\(entry.kind) \(entry.path.count) ".utf8) + entry.path + Array(" \(id)\n".utf8))
    }

    var digest: Digest { SHA256Hasher(copying: hasher).finalize() }
}
