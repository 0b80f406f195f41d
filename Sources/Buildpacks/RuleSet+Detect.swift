package import BuildModel

extension RuleSet {
    /// Every rule with its score and reason, best first.
    ///
    /// - Throws: what the tree throws.
    package func candidates(tree: any SourceTree) throws -> [RuleCandidate] {
        let matches = try matches(in: try view(of: tree), inputs: inputs(PlanOptions(), AppSettings()))
        return matches.map { $0.candidate(winner: matches.first) }
    }

    func inputs(_ options: PlanOptions, _ settings: AppSettings) -> PlanInputs {
        PlanInputs(options: options, settings: settings, index: index)
    }

    func matches(in view: TreeView, inputs: PlanInputs) throws -> [Match] {
        try rules.map { try Match(RuleContext($0, view: view, inputs: inputs)) }.sorted(by: Match.ranks)
    }

    /// What every rule ignores is not even listed; what only some do is left out when their patterns are matched.
    func view(of tree: any SourceTree) throws -> TreeView {
        try TreeView(tree, ignore: rules.map(\.ignore).reduce(nil) { $0?.intersection($1) ?? $1 } ?? [])
    }

    /// The rule whose language was asked for; else the winner, if a file that cannot be read does not stand in the way of a better
    /// one.
    func winner(_ matches: [Match], view: TreeView, inputs: PlanInputs) throws -> Match {
        if let (name, source) = inputs.language {
            if let match = matches.first(where: { $0.rule.identity.name == name || $0.rule.language == name }) {
                return match
            }
            let known = Set(rules.map(\.language)).sorted().joined(separator: ", ")
            throw BuildFailure.plan(.unsupported, "\(source) asks for the language '\(name)'; known are \(known).")
        }
        let best = matches.first
        let obstacle = matches.compactMap(\.obstacle).max { $0.score < $1.score }
        if let obstacle, obstacle.score > best?.score ?? 0 { throw obstacle.failure }
        guard let best, best.score > 0 else { throw nothingDetected(matches, view: view) }
        return best
    }
}

extension PlanInputs {
    /// The language that somebody asks for, and who.
    fileprivate var language: (name: String, source: String)? {
        if let name = settings.language { return (name, AppSettings.fileName) }
        let variable = "SLIPWAY_LANGUAGE"
        return options.environment[variable].map { ($0, "The variable \(variable)") }
    }
}
