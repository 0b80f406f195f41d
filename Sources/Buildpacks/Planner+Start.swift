internal import BuildModel

extension Planner {
    /// How the app starts: the request goes before the Procfile, that before the rule.
    func start(_ warnings: inout [String]) throws -> StartCommand {
        if let text = options.startCommand { return try StartCommand(text: text, source: "request") }
        if let procfile = try Procfile.read(view) {
            warnings += procfile.warnings
            if let web = procfile.web { return try StartCommand(text: web.command, source: "Procfile: web") }
        }
        var reasons: [String] = []
        for start in match.rule.starts {
            switch try Detector(view: view, ignore: match.rule.ignore).all(start.when) {
            case .holds(let evidence, let facts): return try command(start.action, evidence, facts, &warnings)
            case .fails(let reason): reasons.append(reason)
            case .unreadable(let failure): throw failure
            }
        }
        throw BuildFailure.plan(
            .noStartCommand,
            "This is \(match.rule.language), but nothing says how to start it: \(reasons.joined(separator: "; ")). "
                + "Set 'startCommand', or add a Procfile with a line 'web: COMMAND'."
        )
    }

    private func command(
        _ action: Rule.Start.Action,
        _ evidence: [Evidence],
        _ facts: [String: String],
        _ warnings: inout [String]
    ) throws -> StartCommand {
        let name = match.rule.identity.name
        let template = Template(facts: match.facts.merging(facts) { _, own in own }, rule: name)
        let source = "rule \(name)" + (Self.place(evidence).map { ": \($0)" } ?? "")
        warnings += Self.rivals(evidence)
        switch action {
        case .command(let text): return try StartCommand(text: try template.filled(text), source: source)
        case .arguments(let words):
            return StartCommand(arguments: try words.map { word in try template.filled(word) }, source: source)
        case .refuse(let message):
            throw BuildFailure.plan(.unsupported, (Self.place(evidence).map { "\($0): " } ?? "") + message)
        }
    }

    private static func place(_ evidence: [Evidence]) -> String? {
        evidence.first { $0.predicate == evidence.last?.predicate }.map { $0.file + ($0.line.map { ":\($0)" } ?? "") }
    }

    /// Files that could have been started as well as the one that is.
    private static func rivals(_ evidence: [Evidence]) -> [String] {
        let files = evidence.filter { $0.predicate == evidence.last?.predicate }.map(\.file)
        guard files.count > 1, let taken = files.first else { return [] }
        let others = Detector.or(Array(files.dropFirst().prefix(5)))
        return [
            "\(taken) is started because its name comes first; \(others) could be too. Set 'startCommand' to choose."
        ]
    }
}
