package import BuildModel
internal import Platform

extension RuleSet {
    /// Detects what the tree is and says how its image is made and started.
    ///
    /// Synchronous; reads the tree's upper levels and a few small files. The same tree, rules and options give the same plan.
    ///
    /// - Throws: `BuildFailure`: `nothing_detected`, `unsupported`, `no_start_command`, `invalid_start_command`,
    ///   `invalid_manifest` (with file and line) and `limit_exceeded` are the code's fault; what the tree throws passes through.
    package func plan(tree: any SourceTree, options: PlanOptions = PlanOptions()) throws -> BuildPlan {
        do {
            let plan = try plan(view: try view(of: tree), options: options)
            if let failure = try weakness(of: plan, of: tree, options) { throw failure }
            return plan
        } catch let failure as BuildFailure where [.nothingDetected, .noStartCommand].contains(failure.code) {
            throw pointing(failure, below: tree)
        }
    }

    func plan(view: TreeView, options: PlanOptions) throws -> BuildPlan {
        let inputs = inputs(options, try AppSettings.read(view))
        let matches = try matches(in: view, inputs: inputs)
        let winner = try winner(matches, view: view, inputs: inputs)
        if let lock = options.lock { try check(lock, winner.rule) }
        let planner = Planner(match: winner, view: view)
        var plan = try planner.plan(candidates: matches.map { $0.candidate(winner: winner) })
        if let lock = options.lock {
            let floating = plan.hold(to: lock).map(\.description)
            plan.lockWarnings = floating.map { "The lock has no digest of \($0): it is taken as its tag is now." }
        }
        plan.warnings += warnings(matches, winner: winner, view: view)
        return plan
    }

    private func check(_ lock: PlanLock, _ rule: Rule) throws {
        guard lock.rule != rule.identity else { return }
        let what =
            lock.rule.name == rule.identity.name
            ? "rule '\(lock.rule.name)' has changed since (\(lock.rule.digest) then, \(rule.identity.digest) now)"
            : "it was made by rule '\(lock.rule.name)', and this is \(rule.language)"
        throw BuildFailure.plan(
            .lockMismatch,
            "The plan cannot be made again: \(what). Use the rules of then, or plan without the lock."
        )
    }

    private func warnings(_ matches: [Match], winner: Match, view: TreeView) -> [String] {
        var warnings: [String] = []
        let equals = matches.filter { $0.score == winner.score && $0.score > 0 }.map(\.rule.identity.name)
        if equals.count > 1 {
            warnings.append(
                "\(Detector.or(equals)) match equally well; \(winner.rule.identity.name) was taken by name."
            )
        }
        if view.isTruncated {
            warnings.append("There are more than \(TreeListing.entryLimit) files; patterns saw the first of them only.")
        }
        return warnings + nearMisses(beside: winner, view: view)
    }
}

extension BuildPlan {
    /// The sha256 of the plan's canonical JSON: equal plans, and only they, have equal digests.
    package var digest: Digest { Digest(of: json.canonicalBytes) }
}
