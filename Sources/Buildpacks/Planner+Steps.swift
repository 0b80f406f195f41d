internal import BuildModel

extension Planner {
    /// The steps whose `when` holds, in the rule's order, changed by what the app says of them; the command that a request,
    /// `slipway.yaml` or the environment has for building takes the place of those that build.
    func steps() throws -> [BuildStep] {
        let build = givenBuild
        let install = givenInstall
        var steps: [BuildStep] = []
        for step in rule.steps where !steps.contains(where: { $0.name == step.name }) {
            if step.kind == .build, build != nil { continue }
            switch try detector.all(step.when) {
            case .holds(_, let facts):
                var made = try made(step, facts)
                if step.kind == .install, let install { try Self.replace(&made, install) }
                steps.append(made)
            case .fails: continue
            case .unreadable(let failure): throw failure
            }
        }
        if let install, !steps.contains(where: { $0.kind == .install }) {
            steps.append(try requested(.install, install))
        }
        if let build { steps.append(try requested(.build, build)) }
        return try settings.apply(to: steps, planner: self).map { limited($0) }
    }

    /// The step with the limits that the request has for all steps, and its own where that says nothing.
    private func limited(_ step: BuildStep) -> BuildStep {
        var step = step
        step.limits = options.stepLimits.before(step.limits)
        return step
    }

    private func made(_ step: StepRule, _ facts: [String: String]) throws -> BuildStep {
        let template = context.template(facts)
        let command = try template.filled(step.command)
        var made = try self.step(step, command: command, source: "rule \(rule.identity.name)")
        for (name, value) in options.environment where step.variables.contains(where: { $0.matches(line: name.utf8) }) {
            made.environment[name] = value
        }
        try set(step.environment, template, in: &made)
        made.secrets = secrets(step)
        made.inputs = try inputs(step.inputs, template)
        made.outputs = try outputs(step, template)
        return made
    }

    /// The rule's own variables; one that comes to nothing takes nobody's place.
    func set(_ variables: [String: String], _ template: Template, in step: inout BuildStep) throws {
        for (name, text) in variables {
            if let value = try template.variable(text) { step.environment[name] = value }
        }
    }

    func secrets(_ step: StepRule) -> [String] {
        options.buildSecrets.filter { name in step.secrets.contains { $0.matches(line: name.utf8) } }
    }

    func outputs(_ step: StepRule, _ template: Template) throws -> [StepOutput] {
        try step.outputs.compactMap { output in
            guard case .holds = try detector.all(output.when) else { return nil }
            return StepOutput(path: try template.filled(output.path), isShipped: output.isShipped)
        }
    }

    func step(_ step: StepRule, command: String, source: String) throws -> BuildStep {
        let start = try StartCommand(text: command, source: source)
        var made = BuildStep(
            name: step.name,
            kind: step.kind,
            image: try image(settings.buildImage ?? step.image ?? rule.buildImage),
            arguments: start.arguments,
            command: start.text,
            source: source,
            workingDirectory: rule.directory,
            caches: step.caches,
            network: step.network,
            limits: step.limits
        )
        if settings.buildImage != nil { made.imageOrigin = .repository }
        return made
    }

    /// Paths that are there, each once and sorted: the same tree gives the same list.
    private func inputs(_ inputs: StepRule.Inputs, _ template: Template) throws -> StepInputs {
        guard case .matching(let patterns) = inputs else { return .all }
        let names = try patterns.map { try template.filled($0.text) }
        return names.contains("all") ? .all : try self.inputs(names)
    }

    func inputs(_ patterns: [String]) throws -> StepInputs {
        var paths: Set<String> = []
        for name in patterns where !name.isEmpty {
            if GlobPattern(name).isName {
                if try view.kind(at: name) != nil { paths.insert(name) }
            } else {
                paths.formUnion(try detector.matches(GlobPattern(name)))
            }
        }
        return .paths(paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }
}
