package import BuildModel
internal import Documents
internal import Platform

extension PlanMemo {
    /// The plan of the tree that was planned in this place last, kept for this tree too, if nothing that planning saw of that is
    /// different here.
    ///
    /// - Parameter place: names the repository and the directory of it that is built.
    /// - Throws: `BuildFailure` with code `cancelled`.
    package func lastPlan(
        in place: String,
        for tree: any StoredTree,
        rules: Digest,
        _ options: PlanOptions
    ) throws -> BuildPlan? {
        let last = Self.key(place: place, rules: rules, options)
        guard let note = text(for: last).flatMap(PlannedTree.init),
            let text = text(for: Self.key(tree: note.tree, rules: rules, options)),
            let plan = StoredValue.value(BuildPlan.self, of: text), try note.isSame(for: tree)
        else { return nil }
        keep(text, for: Self.key(tree: tree.id, rules: rules, options))
        keep(PlannedTree(tree: tree.id, read: note.read).bytes, for: last)
        return plan
    }

    /// Plans a tree and keeps the plan, and what was read for it as the place's last.
    ///
    /// - Parameter make: plans a tree by rules of that digest, and with these options.
    /// - Throws: what `make` throws.
    package func newPlan(
        in place: String,
        for tree: any StoredTree,
        rules: Digest,
        _ options: PlanOptions,
        _ make: (any SourceTree) throws -> BuildPlan
    ) throws -> BuildPlan {
        let watched = WatchedTree(tree)
        let plan = try make(watched)
        keep(plan, for: Self.key(tree: tree.id, rules: rules, options))
        keep(PlannedTree(tree: tree.id, read: watched.read).bytes, for: Self.key(place: place, rules: rules, options))
        return plan
    }

    /// Where the last tree of a place is noted.
    private static func key(place: String, rules: Digest, _ options: PlanOptions) -> Digest {
        let parts = [SystemInformation.programIdentity, "last of", rules.hex, options.json.canonicalText, place]
        return Digest(of: parts.joined(separator: "\n"))
    }
}

/// A tree that was planned, and the paths of all files whose contents planning asked for. As text it is a line in hexadecimal digits for
/// the tree and for each path.
struct PlannedTree: Equatable {
    let tree: ObjectID
    let read: Set<[UInt8]>

    /// A commit that changes more files is planned anew.
    private static let mostChanges = 1000

    init(tree: ObjectID, read: Set<[UInt8]>) {
        (self.tree, self.read) = (tree, read)
    }

    /// - Returns: nil for what `bytes` did not write.
    init?(_ bytes: [UInt8]) {
        let lines = bytes.split(separator: UInt8(ascii: "\n")).map { Hexadecimal.decode($0) }
        guard let first = lines.first, let id = first, id.count == 20, !lines.contains(nil) else { return nil }
        self.init(tree: ObjectID(bytes: id), read: Set(lines.dropFirst().compactMap { $0 }))
    }

    var bytes: [UInt8] {
        Array(([tree.hex] + read.map { Hexadecimal.encode($0) }.sorted()).joined(separator: "\n").utf8)
    }

    /// Whether planning sees the same of another tree: its names and kinds are the same, and so is every content that planning has read.
    func isSame(for other: any StoredTree) throws -> Bool {
        guard let changed = try other.rewrittenFiles(since: tree, limit: Self.mostChanges) else { return false }
        return read.isDisjoint(with: changed)
    }
}
