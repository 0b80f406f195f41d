extension Detector {
    /// Variables that every container has.
    private static let always: Set<String> = ["PORT", "PATH", "HOME", "HOSTNAME"]

    /// What the app is given where it runs, by whoever asks or slipway.yaml. Variables that only steps have do not count.
    func variable(_ names: [String], _ known: [String: String]) throws -> Outcome {
        let (options, settings) = (context.inputs.options, context.inputs.settings)
        let names = try filled(names, known)
        let isGiven = names.contains { name in
            Self.always.contains(name) || options.environment[name] != nil || options.secretVariables.contains(name)
                || settings.environment[name] != nil
        }
        return isGiven ? .holds([], facts: [:]) : .fails("nothing gives the app " + Self.or(names))
    }
}
