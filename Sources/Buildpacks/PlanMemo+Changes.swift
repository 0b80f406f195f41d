package import BuildModel
internal import Documents
internal import Platform

extension PlanMemo {
    /// The plan of a tree: that of the tree which was planned in this place last, if nothing that planning saw of that is different
    /// here, else a new one. Either is kept.
    ///
    /// - Parameter place: names the repository and the directory of it that is built.
    /// - Throws: as `RuleSet.plan`.
    package func plan(
        of tree: any StoredTree,
        in place: String,
        by files: RuleFiles,
        _ options: PlanOptions
    ) throws -> BuildPlan {
        try plan(of: tree, in: place, rules: files.digest, options) { tree in
            try RuleSet(files).plan(tree: tree, options: options)
        }
    }

    func plan(
        of tree: any StoredTree,
        in place: String,
        rules: Digest,
        _ options: PlanOptions,
        _ make: (any SourceTree) throws -> BuildPlan
    ) throws -> BuildPlan {
        let (key, last) = (
            Self.key(tree: tree.id, rules: rules, options), Self.key(place: place, rules: rules, options)
        )
        if let note = text(for: last).flatMap(PlannedTree.init),
            let text = text(for: Self.key(tree: note.tree, rules: rules, options)),
            let plan = StoredValue.value(BuildPlan.self, of: text), try note.isSame(for: tree)
        {
            keep(text, for: key)
            keep(PlannedTree(tree: tree.id, read: note.read).bytes, for: last)
            return plan
        }
        let watched = WatchedTree(tree)
        let plan = try make(watched)
        keep(plan, for: key)
        keep(PlannedTree(tree: tree.id, read: watched.read).bytes, for: last)
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
