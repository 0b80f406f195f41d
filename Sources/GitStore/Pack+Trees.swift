internal import Platform

extension Pack {
    /// What git numbers the type of trees with.
    private static let treeType: UInt8 = 2

    /// The bytes of a tree.
    ///
    /// Trees of a repository are deltas of each other, in long chains, of which every link is wanted: they are all kept for a while.
    ///
    /// - Returns: nil for what is larger than `limit` or no tree.
    /// - Throws: `BuildFailure` with code `damaged` or `cancelled`.
    func tree(at offset: Int64, limit: Int64, _ limits: ReadLimits) throws -> [UInt8]? {
        var chain: [(offset: Int64, delta: PackEntry)] = []
        var place = offset
        var tree = kept(at: place)
        while tree == nil {
            try limits.checkCancellation()
            let entry = try entry(at: place)
            guard entry.size <= limit, chain.count < Self.maximumChain else { return nil }
            if let next = try base(of: entry, at: place) {
                chain.append((place, entry))
                place = next
                tree = kept(at: place)
            } else {
                guard entry.kind == .whole(Self.treeType) else { return nil }
                let content = try content(of: entry)
                keep(content, at: place)
                tree = content
            }
        }
        for (place, delta) in chain.reversed() {
            try limits.checkCancellation()
            guard let base = tree, let next = DeltaPatch.apply(try content(of: delta), to: base, limit: limit) else {
                throw stream.damaged(place)
            }
            keep(next, at: place)
            tree = next
        }
        return tree
    }

    private func kept(at offset: Int64) -> [UInt8]? { memory.trees.base(at: place(of: offset)) }

    private func keep(_ tree: [UInt8], at offset: Int64) { memory.trees.keep(tree, at: place(of: offset)) }
}
