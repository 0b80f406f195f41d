internal import BuildModel

/// Makes the plan of the rule that won.
struct Planner {
    let match: Match
    let view: TreeView

    var context: RuleContext { match.context }
    var rule: Rule { context.rule }
    var options: PlanOptions { context.inputs.options }
    var settings: AppSettings { context.inputs.settings }
    var detector: Detector { Detector(context) }

    func plan(candidates: [RuleCandidate]) throws -> BuildPlan {
        context.facts.merge(match.facts) { _, own in own }
        for refusal in rule.refusals { try refuse(refusal) }
        if let site = try givenSite() { context.facts[Self.site] = site }
        var warnings: [String] = []
        let start = try start(&warnings)
        for tool in rule.tools { try context.resolved(tool) }
        let steps = try steps()
        let processes = try processes(besides: start.command)
        if processes.release != nil || options.releaseCommand != nil {
            context.facts[RuleContext.customRelease] = "yes"
        }
        let listening = try listening(start.command)
        let port = try port(listening)
        warnings += try rule.warnings.compactMap(warning) + context.warnings
        warnings += self.warnings(of: listening, port.number)
        context.facts["port"] = String(port.number)
        var plan = BuildPlan(
            language: rule.language,
            framework: try framework(),
            rule: rule.identity,
            candidates: candidates,
            versions: context.versions.values.sorted { $0.tool < $1.tool },
            runImage: try runImage(start.rule),
            steps: steps,
            // A command that the rule does not know may start anything of the source.
            includesSource: settings.includesSource ?? start.rule.map { $0.includesSource ?? rule.includesSource }
                ?? true,
            applicationDirectory: rule.directory,
            workingDirectory: settings.directory ?? rule.directory,
            start: start.command,
            processes: processes.others,
            release: processes.release,
            user: settings.user ?? rule.user,
            environment: try environment(start.rule, port: port.number),
            port: port.number,
            stopSignal: try stopSignal(start.rule),
            healthPath: try healthPath(),
            files: try files(start.rule),
            warnings: warnings
        )
        plan.portSource = port.source
        if settings.image != nil { plan.runImageOrigin = .repository }
        try addWritable(to: &plan)
        return plan
    }

    private func stopSignal(_ start: StartRule?) throws -> String {
        try settings.stopSignal ?? start?.stopSignal ?? context.first(of: rule.stopSignals)?.text
            ?? BuildPlan.standardStopSignal
    }

    private func healthPath() throws -> String? {
        if let path = settings.healthPath { return path }
        let path = try context.first(of: rule.healthPaths)?.text
        return path.flatMap { RuleReader.healthPath($0) == nil ? $0 : nil }
    }

    private func framework() throws -> String? {
        let name = try context.first(of: rule.frameworks)?.text
        return name?.isEmpty == true ? nil : name
    }

    private func runImage(_ start: StartRule?) throws -> ImageReference {
        try image(settings.image ?? start?.image ?? rule.runImage)
    }

    /// An image by its template.
    func image(_ template: String) throws -> ImageReference {
        let name = try context.template().filled(template)
        do {
            return try ImageReference(parsing: name)
        } catch {
            throw BuildFailure.plan(.invalidRequest, "'\(name.prefix(120))' is no name of an image: \(error.message)")
        }
    }

    private func environment(_ start: StartRule?, port: Int) throws -> [String: String] {
        var environment: [String: String] = [:]
        let given = rule.environment.merging(start?.environment ?? [:]) { _, own in own }
        for (name, value) in given { environment[name] = try context.template().variable(value) }
        environment.merge(settings.environment) { _, own in own }
        environment["PORT"] = String(port)
        return environment
    }

    private func files(_ start: StartRule?) throws -> [PlannedFile] {
        try (rule.files + (start?.files ?? [])).compactMap { rule in
            guard case .holds = try detector.all(rule.when) else { return nil }
            var file = rule.file
            file.content = try context.template().filled(file.content)
            return file
        }
    }

    private func refuse(_ refusal: Rule.Notice) throws {
        switch try detector.all(refusal.when) {
        case .holds(let evidence, let facts):
            let message = try context.template(facts).filled(refusal.message)
            throw BuildFailure.plan(.unsupported, Self.place(evidence) + message)
        case .fails: return
        case .unreadable(let failure): throw failure
        }
    }

    private func warning(_ notice: Rule.Notice) throws -> String? {
        switch try detector.all(notice.when) {
        case .holds(let evidence, let facts):
            try Self.place(evidence) + context.template(facts).filled(notice.message)
        case .fails: nil
        case .unreadable(let failure): failure.message
        }
    }

    /// `package.json:7: `, the place that a notice is about.
    private static func place(_ evidence: [Evidence]) -> String {
        guard let seen = evidence.first(where: { $0.line != nil }) ?? evidence.first else { return "" }
        return seen.file + (seen.line.map { ":\($0)" } ?? "") + ": "
    }
}
