internal import BuildModel

extension Planner {
    /// The steps whose `when` holds, in the rule's order; the request's command takes the place of those that build.
    func steps() throws -> [BuildStep] {
        var steps: [BuildStep] = []
        for step in rule.steps where !steps.contains(where: { $0.name == step.name }) {
            if step.kind == .build, options.buildCommand != nil { continue }
            switch try detector.all(step.when) {
            case .holds(_, let facts): steps.append(try made(step, facts))
            case .fails: continue
            case .unreadable(let failure): throw failure
            }
        }
        if let command = options.buildCommand { steps.append(try requested(command)) }
        return steps
    }

    private func made(_ step: StepRule, _ facts: [String: String]) throws -> BuildStep {
        let template = Template(facts: match.facts.merging(facts) { _, own in own }, rule: rule.identity.name)
        let command = try template.filled(step.command)
        var made = try self.step(step, command: command, source: "rule \(rule.identity.name)")
        for (name, value) in step.environment { made.environment[name] = try template.filled(value) }
        made.secrets = step.secrets.filter(options.buildSecrets.contains)
        made.inputs = try inputs(step.inputs, template)
        made.outputs = try step.outputs.map { output throws(BuildFailure) in
            StepOutput(path: try template.filled(output.path), isShipped: output.isShipped)
        }
        return made
    }

    /// The request's own build: where the rule builds, with all that it made there and in the app's directory.
    private func requested(_ command: String) throws -> BuildStep {
        let model =
            rule.steps.first { $0.kind == .build } ?? rule.steps.last
            ?? StepRule(name: "build", kind: .build, command: command)
        var step = try step(model, command: command, source: "request")
        (step.name, step.kind, step.inputs) = ("build", .build, .all)
        if model.kind != .build { (step.caches, step.network) = ([], .none) }
        step.environment = model.environment.filter { !$0.value.contains("{{") }
        step.secrets = options.buildSecrets
        step.outputs = [StepOutput(path: rule.directory)]
        if model.kind == .build {
            step.outputs += model.outputs.filter { $0.path != rule.directory && !$0.path.contains("{{") }
        }
        return step
    }

    private func step(_ step: StepRule, command: String, source: String) throws -> BuildStep {
        let start = try StartCommand(text: command, source: source)
        return BuildStep(
            name: step.name,
            kind: step.kind,
            image: step.image ?? rule.image,
            arguments: start.arguments,
            command: start.text,
            source: source,
            workingDirectory: rule.directory,
            caches: step.caches,
            environment: step.environment,
            network: step.network,
            limits: step.limits
        )
    }

    /// Paths that are there, each once and sorted: the same tree gives the same list.
    private func inputs(_ inputs: StepRule.Inputs, _ template: Template) throws -> StepInputs {
        guard case .matching(let patterns) = inputs else { return .all }
        var paths: Set<String> = []
        for pattern in patterns {
            let name = try template.filled(pattern.text)
            if try view.kind(at: name) != nil {
                paths.insert(name)
            } else {
                paths.formUnion(detector.matches(GlobPattern(name)))
            }
        }
        return .paths(paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }
}
