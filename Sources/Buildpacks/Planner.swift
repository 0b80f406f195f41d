internal import BuildModel

/// Makes the plan of the rule that won.
struct Planner {
    let match: Match
    let view: TreeView
    let options: PlanOptions

    var rule: Rule { match.rule }
    var detector: Detector { Detector(view: view, ignore: rule.ignore) }

    func plan(candidates: [RuleCandidate]) throws -> BuildPlan {
        for refusal in rule.refusals { try refuse(refusal) }
        var warnings: [String] = []
        let start = try start(&warnings)
        warnings += try rule.warnings.compactMap(warning)
        let port = try port()
        let template = Template(facts: match.facts, rule: rule.identity.name)
        var environment: [String: String] = [:]
        for (name, value) in rule.environment { environment[name] = try template.filled(value) }
        environment["PORT"] = String(port)
        return BuildPlan(
            language: rule.language,
            rule: rule.identity,
            candidates: candidates,
            runImage: rule.image,
            steps: try steps(),
            includesSource: rule.includesSource,
            applicationDirectory: rule.directory,
            workingDirectory: rule.directory,
            start: start,
            user: rule.user,
            environment: environment,
            port: port,
            files: try rule.files.map { file in
                PlannedFile(path: file.path, content: try template.filled(file.content), mode: file.mode)
            },
            warnings: warnings
        )
    }

    private func refuse(_ refusal: Rule.Notice) throws {
        switch try detector.all(refusal.when) {
        case .holds(let evidence, _):
            throw BuildFailure.plan(.unsupported, Self.place(evidence) + refusal.message)
        case .fails: return
        case .unreadable(let failure): throw failure
        }
    }

    private func warning(_ notice: Rule.Notice) throws -> String? {
        switch try detector.all(notice.when) {
        case .holds(let evidence, _): Self.place(evidence) + notice.message
        case .fails: nil
        case .unreadable(let failure): failure.message
        }
    }

    /// `package.json:7: `, the place that a notice is about.
    private static func place(_ evidence: [Evidence]) -> String {
        guard let seen = evidence.first(where: { $0.line != nil }) ?? evidence.first else { return "" }
        return seen.file + (seen.line.map { ":\($0)" } ?? "") + ": "
    }

    private func port() throws(BuildFailure) -> Int {
        if let port = options.port { return port }
        guard let text = options.environment["PORT"] else { return rule.port }
        guard let port = Int(text), (1...65535).contains(port) else {
            throw .plan(.invalidRequest, "The variable PORT is '\(text.prefix(40))', which is no port (1 to 65535).")
        }
        return port
    }
}
