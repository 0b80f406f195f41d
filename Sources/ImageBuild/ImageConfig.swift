internal import BuildModel
internal import Platform

/// The config of an image on top of its base's: OCI image spec, config.md.
struct ImageConfig {
    private(set) var json: JSONValue

    /// - Throws: `BuildFailure`: `invalid_image` for the base, `invalid_plan` for the plan.
    init(
        base: BaseImage,
        layers: [Layer],
        plan: BuildPlan,
        created: Int64,
        labels: [String: String]
    ) throws(BuildFailure) {
        guard !plan.start.arguments.isEmpty else {
            throw BuildFailure(
                .platform,
                .invalidPlan,
                operation: "image.assemble",
                message: "The plan has no start command."
            )
        }
        json = base.config
        json["created"] = .string(Timestamp.text(seconds: created))
        json["config"] = Self.execution(base.config["config"], plan: plan, labels: labels)
        json["rootfs"] = try Self.rootFileSystem(base: base, layers: layers)
        json["history"] = ImageHistory.json(base: base, layers: layers, created: created)
    }

    /// The part that runtimes read. The base's command goes: it would become arguments of our entrypoint.
    private static func execution(_ inherited: JSONValue?, plan: BuildPlan, labels: [String: String]) -> JSONValue {
        var config: JSONValue = .object(inherited?.object ?? [:])
        config["Entrypoint"] = .array(plan.start.arguments.map { .string($0) })
        config["Cmd"] = nil
        // The base's signal was for the base's command.
        config["StopSignal"] = .string(plan.stopSignal)
        config["User"] = .string(plan.user)
        config["WorkingDir"] = .string(plan.workingDirectory)
        config["Env"] = environment(config["Env"], plan: plan)
        config["ExposedPorts"] = ["\(plan.port)/tcp": [:]]
        let inheritedLabels = config["Labels"]?.object ?? [:]
        config["Labels"] = .object(inheritedLabels.merging(labels.mapValues { .string($0) }) { _, own in own })
        return config
    }

    /// The base's variables in their order, those of the plan in place of equal names or sorted at the end.
    private static func environment(_ inherited: JSONValue?, plan: BuildPlan) -> JSONValue {
        var added = plan.environment
        added["PORT"] = String(plan.port)
        var variables: [String] = []
        for variable in inherited?.array?.compactMap(\.string) ?? [] {
            let name = String(variable.prefix { $0 != "=" })
            variables.append(added.removeValue(forKey: name).map { "\(name)=\($0)" } ?? variable)
        }
        let rest = added.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return .array((variables + rest.map { "\($0.key)=\($0.value)" }).map { .string($0) })
    }

    private static func rootFileSystem(base: BaseImage, layers: [Layer]) throws(BuildFailure) -> JSONValue {
        let inherited = base.config["rootfs"]?["diff_ids"]?.array ?? []
        guard inherited.count == base.layers.count else {
            throw BuildFailure(
                .platform,
                .invalidImage,
                operation: "image.assemble",
                message: "The base image '\(base.name)' has \(base.layers.count) layers, but its config has "
                    + "\(inherited.count) diff ids."
            )
        }
        let own = layers.map { JSONValue.string($0.diffID.description) }
        return ["type": "layers", "diff_ids": .array(inherited + own)]
    }
}
