package import BuildModel

extension RuleSet {
    /// Every rule with its score and reason, best first.
    ///
    /// - Throws: what the tree throws.
    package func candidates(tree: any SourceTree) throws -> [RuleCandidate] {
        let matches = try matches(in: try view(of: tree))
        return matches.map { $0.candidate(winner: matches.first) }
    }

    func matches(in view: TreeView) throws -> [Match] {
        try rules.map { try Match($0, in: view) }.sorted(by: Match.ranks)
    }

    /// A view deep enough for every pattern of the rules, and for near misses.
    func view(of tree: any SourceTree) throws -> TreeView {
        let depth = rules.flatMap(\.patterns).map { $0.depth ?? Self.anyDepth }.max() ?? 0
        // What every rule ignores is not even listed; what only some do is left out when their patterns are matched.
        let ignored = rules.map(\.ignore).reduce(nil) { $0?.intersection($1) ?? $1 } ?? []
        return try TreeView(tree, depth: max(depth, 2), ignore: ignored)
    }

    /// Levels that a pattern with `**` looks into.
    private static var anyDepth: Int { 6 }

    /// The winner, if a file that cannot be read does not stand in the way of a better one.
    func winner(_ matches: [Match], view: TreeView) throws -> Match {
        let best = matches.first
        let obstacle = matches.compactMap(\.obstacle).max { $0.score < $1.score }
        if let obstacle, obstacle.score > best?.score ?? 0 { throw obstacle.failure }
        guard let best, best.score > 0 else { throw nothingDetected(matches, view: view) }
        return best
    }
}
