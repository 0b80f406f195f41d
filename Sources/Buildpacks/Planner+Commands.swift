internal import BuildModel

/// Commands for installing and building that somebody else than the rule gives.
extension Planner {
    /// Where a command comes from that whoever asks for the build has given.
    private static let request = "request"

    /// How to build, if somebody says so, and who.
    var givenBuild: (command: String, source: String)? {
        given(options.buildCommand, settings.build, "SLIPWAY_BUILD_COMMAND")
            ?? options.workspaceApp.flatMap { app in app.buildCommand.map { ($0, app.evidence.file) } }
    }

    /// How to install, if somebody says so, and who.
    var givenInstall: (command: String, source: String)? { given(nil, settings.install, "SLIPWAY_INSTALL_COMMAND") }

    func given(_ request: String?, _ own: String?, _ variable: String) -> (command: String, source: String)? {
        if let request { return (request, Self.request) }
        if let own { return (own, AppSettings.fileName) }
        return options.environment[variable].map { ($0, "variable \(variable)") }
    }

    static func replace(_ step: inout BuildStep, _ given: (command: String, source: String)) throws {
        let start = try StartCommand(text: given.command, source: given.source)
        (step.arguments, step.command, step.source, step.inputs) = (start.arguments, start.text, given.source, .all)
    }

    /// Somebody's own command: in the image that the rule builds in, with all that it made there and in the app's directory.
    func requested(_ kind: BuildStep.Kind, _ given: (command: String, source: String)) throws -> BuildStep {
        let model = try model(kind) ?? StepRule(name: kind.rawValue, kind: kind, command: given.command)
        var step = try step(model, command: given.command, source: given.source)
        (step.name, step.kind, step.inputs) = (kind.rawValue, kind, .all)
        if model.kind != kind { (step.caches, step.network) = ([], kind == .install ? .egress([]) : .none) }
        for (name, value) in options.environment where model.variables.contains(where: { $0.matches(line: name.utf8) })
        {
            step.environment[name] = value
        }
        try set(model.environment, context.template(), in: &step)
        // Who asks for the build may show it all secrets; the repository names those that it needs.
        step.secrets = given.source == Self.request ? options.buildSecrets : secrets(model)
        step.outputs = [StepOutput(path: rule.directory)]
        if kind == .build, let site = context.facts[Self.site] { step.outputs[0].path += "/\(site)" }
        if model.kind == kind {
            step.outputs += try outputs(model, context.template()).filter { !$0.path.hasPrefix(rule.directory) }
        }
        return step
    }

    /// What somebody's own command has around it: that of the step that asks for such a command in its `when`, as none does that runs by
    /// itself, or else of the first of the kind.
    private func model(_ kind: BuildStep.Kind) throws -> StepRule? {
        let steps = rule.steps.filter { $0.kind == kind }
        for step in steps where step.when.contains(.value(RuleContext.customBuild, [])) {
            if case .holds = try detector.all(step.when) { return step }
        }
        return steps.first ?? rule.steps.last
    }
}
