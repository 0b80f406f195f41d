internal import BuildModel

extension Planner {
    /// A start command, and the part of the rule that says so, if one does.
    typealias ChosenStart = (command: StartCommand, rule: StartRule?)
    /// Process types besides what is started, and what is run before a rollout.
    typealias Processes = (others: [String: StartCommand], release: StartCommand?)

    /// How the app starts, and the part of the rule that says so, if one does: the request goes before `slipway.yaml`, that
    /// before the environment, that before the Procfile, that before files of other platforms, that before the rule, and that before a
    /// process of the Procfile that neither serves nor works.
    func start(_ warnings: inout [String]) throws -> ChosenStart {
        let procfile = try procfile()
        warnings += procfile?.warnings ?? []
        if context.facts[Self.site] == nil, let given = try given(procfile) {
            context.facts[RuleContext.customStart] = given.text
            return (given, nil)
        }
        var reasons: [String] = []
        for start in rule.starts {
            switch try detector.all(start.when) {
            case .holds(let evidence, let facts):
                return (try command(start.action, evidence, facts, &warnings), start)
            case .fails(let reason):
                // What a way lacks that only refuses is nothing to add.
                if case .refuse = start.action { continue }
                reasons.append(reason)
            case .unreadable(let failure): throw failure
            }
        }
        if let further = try further(procfile, &warnings) { return (further, nil) }
        throw BuildFailure.plan(
            .noStartCommand,
            "This is \(rule.language), but nothing says how to start it: \(Self.told(reasons)). "
                + "Set 'startCommand', or add a Procfile with a line 'web: COMMAND'."
        )
    }

    /// The Procfile beside the app goes before the one above it.
    private func procfile() throws -> Procfile? { try Procfile.read(view) ?? options.procfileAbove }

    /// Reasons that speak of files, each once; those that speak of the rule's own values, or of frameworks that the app has not, help
    /// nobody.
    private static func told(_ reasons: [String]) -> String {
        var told: [String] = []
        for reason in reasons where !reason.hasPrefix("'") && !reason.hasSuffix(" is not used") {
            if !told.contains(reason) { told.append(reason) }
        }
        return (told.isEmpty ? Array(reasons.prefix(1)) : Array(told.prefix(4))).joined(separator: "; ")
    }

    /// What a Procfile without `web` and `worker` has, where the rule knows no way to start.
    private func further(_ procfile: Procfile?, _ warnings: inout [String]) throws -> StartCommand? {
        guard let start = procfile?.start else { return nil }
        context.facts[RuleContext.customStart] = start.command
        warnings.append(Procfile.withoutWeb(start.type))
        return try StartCommand(text: start.command, source: "Procfile: \(start.type)")
    }

    private func given(_ procfile: Procfile?) throws -> StartCommand? {
        if let text = options.startCommand { return try StartCommand(text: text, source: "request") }
        if let text = settings.start { return try StartCommand(text: text, source: AppSettings.fileName) }
        let variable = "SLIPWAY_START_COMMAND"
        if let text = options.environment[variable], !text.isEmpty {
            return try StartCommand(text: text, source: "variable \(variable)")
        }
        if let procfile, !procfile.isFurther, let start = procfile.start {
            return try StartCommand(text: start.command, source: "Procfile: \(start.type)")
        }
        if let start = try PlatformFiles(view: view, language: rule.language).start() { return start }
        guard let app = options.workspaceApp, case .command(let text) = app.start else { return nil }
        return try StartCommand(text: text, source: app.evidence.file)
    }

    /// Process types besides what is started, and what is run before a rollout: `slipway.yaml` goes before the Procfile, and
    /// that before files of other platforms.
    func processes(besides started: ChosenStart) throws -> Processes {
        var commands: [String: StartCommand] = [:]
        let procfile = try procfile()
        let isOther = procfile?.isFurther == true && !started.command.source.hasPrefix("Procfile: ")
        for (type, process) in procfile?.processes ?? [:] where isOther || type != procfile?.start?.type {
            commands[type] = try StartCommand(text: process.command, source: "Procfile: \(type)")
        }
        for (type, text) in settings.processes {
            commands[type] = try StartCommand(text: text, source: AppSettings.fileName)
        }
        commands["web"] = nil
        let named = commands.removeValue(forKey: "release")
        if let text = settings.release {
            return (commands, try StartCommand(text: text, source: AppSettings.fileName))
        }
        return (commands, try named ?? releaseElsewhere(started.rule))
    }

    /// What files of other platforms run before a rollout, where the image has what it needs: pages are in one of a server's.
    private func releaseElsewhere(_ start: StartRule?) throws -> StartCommand? {
        guard start?.image == nil, context.facts[Self.site] == nil, settings.image == nil,
            let release = try PlatformFiles(view: view, language: rule.language).release(), try hasProgram(of: release)
        else { return nil }
        return release
    }

    private func command(
        _ action: StartRule.Action,
        _ evidence: [Evidence],
        _ facts: [String: String],
        _ warnings: inout [String]
    ) throws -> StartCommand {
        let template = context.template(facts)
        let source = "rule \(rule.identity.name)" + (Self.place(evidence).map { ": \($0)" } ?? "")
        warnings += Self.rivals(evidence)
        switch action {
        case .command(let text): return try StartCommand(text: try template.filled(text), source: source)
        case .arguments(let words):
            return StartCommand(arguments: try words.map { word in try template.filled(word) }, source: source)
        case .refuse(let message):
            let message = try template.filled(message)
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
