internal import BuildModel

extension AppSettings {
    /// The steps with the app's changes; new ones where they say, or at the end.
    ///
    /// - Throws: `BuildFailure` with code `invalid_manifest` for a step without a command or after one that is not there.
    func apply(to given: [BuildStep], planner: Planner) throws -> [BuildStep] {
        var result = given
        for change in steps {
            let index = result.firstIndex { $0.name == change.name }
            if change.isSkipped {
                result.removeAll { $0.name == change.name }
            } else if let index {
                result[index] = try change.applied(to: result[index], planner)
            } else {
                result.insert(try change.made(planner), at: try place(of: change, in: result))
            }
        }
        return result
    }

    private func place(of change: Step, in steps: [BuildStep]) throws -> Int {
        guard let after = change.after else { return steps.count }
        guard let index = steps.firstIndex(where: { $0.name == after }) else {
            let known = steps.isEmpty ? "none" : steps.map(\.name).joined(separator: ", ")
            throw BuildFailure.plan(
                .invalidManifest,
                "\(Self.fileName): step '\(change.name)' comes after '\(after)', which is no step; there are \(known)."
            )
        }
        return index + 1
    }
}

extension AppSettings.Step {
    fileprivate func made(_ planner: Planner) throws -> BuildStep {
        guard let command else {
            throw BuildFailure.plan(
                .invalidManifest,
                "\(AppSettings.fileName): step '\(name)' is not one of the rule's, so it needs a 'command'."
            )
        }
        var step = BuildStep(
            name: name,
            kind: kind ?? .build,
            image: try planner.image(planner.settings.buildImage ?? planner.rule.buildImage),
            arguments: [],
            command: command,
            source: AppSettings.fileName,
            workingDirectory: planner.rule.directory,
            outputs: [StepOutput(path: planner.rule.directory)]
        )
        if planner.settings.buildImage != nil { step.imageOrigin = .repository }
        return try applied(to: step, planner)
    }

    fileprivate func applied(to step: BuildStep, _ planner: Planner) throws -> BuildStep {
        var step = step
        if let kind { step.kind = kind }
        if let image { (step.image, step.imageOrigin) = (try planner.image(image), .repository) }
        if let command {
            let start = try StartCommand(text: command, source: AppSettings.fileName)
            (step.arguments, step.command, step.source) = (start.arguments, start.text, AppSettings.fileName)
        }
        if let inputs { step.inputs = try changed(step.inputs, inputs, planner) }
        if let outputs { step.outputs = (outputs.isAdded ? step.outputs : []) + outputs.1 }
        if let caches { step.caches = (caches.isAdded ? step.caches : []) + caches.1 }
        step.environment.merge(environment) { _, own in own }
        step.secrets += planner.options.buildSecrets.filter { secrets.contains($0) && !step.secrets.contains($0) }
        if let network { (step.network, step.networkOrigin) = (network, .repository) }
        if let limits { step.limits = limits }
        return step
    }

    private func changed(_ known: StepInputs, _ patterns: [String], _ planner: Planner) throws -> StepInputs {
        guard patterns != ["all"] else { return .all }
        let own = try planner.inputs(patterns.filter { $0 != "..." })
        guard patterns.first == "...", case .paths(let added) = own else { return own }
        guard case .paths(let paths) = known else { return .all }
        return .paths(Set(paths + added).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }
}
