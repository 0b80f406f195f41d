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
        // Whoever says how to install or build installs what is needed.
        if givenBuild == nil, givenInstall == nil, settings.steps.isEmpty { try context.takeImports() }
        if givenBuild != nil { context.facts[RuleContext.customBuild] = "yes" }
        if givenInstall != nil { context.facts[RuleContext.customInstall] = "yes" }
        for refusal in rule.refusals { try refuse(refusal) }
        if let site = try givenSite() { context.facts[Self.site] = site }
        var warnings: [String] = []
        let start = try start(&warnings)
        for tool in rule.tools { try context.resolved(tool) }
        // What is run before a rollout may need tools that steps leave out otherwise.
        let processes = try processes(besides: start)
        context.facts[RuleContext.customRelease] = options.releaseCommand ?? processes.release?.text
        let steps = try steps()
        let listening = try listening(start.command)
        let port = try port(listening)
        warnings += try rule.warnings.flatMap(told) + context.warnings
        warnings += self.warnings(of: listening, port.number)
        warnings += try obstacles(start, processes, steps)
        context.facts["port"] = String(port.number)
        var plan = try plan(start, steps, processes, port: port.number)
        plan.candidates = candidates
        plan.portSource = port.source
        plan.warnings = warnings + plan.warnings
        return plan
    }

    private func plan(_ start: ChosenStart, _ steps: [BuildStep], _ others: Processes, port: Int) throws -> BuildPlan {
        var plan = BuildPlan(
            language: rule.language,
            framework: try framework(),
            rule: rule.identity,
            candidates: [],
            versions: context.versions.values.sorted { $0.tool < $1.tool },
            runImage: try runImage(start.rule),
            steps: steps,
            includesSource: includesSource(start.rule),
            applicationDirectory: rule.directory,
            workingDirectory: settings.directory ?? rule.directory,
            start: start.command,
            processes: others.others,
            release: others.release,
            user: settings.user ?? rule.user,
            environment: try environment(start.rule, port: port),
            port: port,
            stopSignal: try stopSignal(start.rule),
            healthPath: try healthPath(),
            files: try files(start.rule),
            warnings: []
        )
        if settings.image != nil { plan.runImageOrigin = .repository }
        try addWritable(to: &plan)
        return plan
    }

    /// A command that the rule does not know may start anything of the source.
    private func includesSource(_ start: StartRule?) -> Bool {
        settings.includesSource ?? start.map { $0.includesSource ?? rule.includesSource } ?? true
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
}
