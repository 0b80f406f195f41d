internal import BuildModel
internal import ImageBuild
internal import Platform

/// Everything that determines what a step leaves: equal keys, equal results, as far as the step's own command is deterministic.
///
/// Limits are no part of it: they decide whether a step ends, not what it makes. Of secrets only the names are.
struct StepKey: Sendable, Hashable {
    var digest: Digest
    /// Short digests of the parts, by name.
    var parts: [String: String]
    /// What the step sees of the source.
    var inputs: Digest

    /// How steps are run and captured; changes whenever equal parts may leave something else.
    private static let policy = "step-v2"

    init(_ step: BuildStep, on ground: StepGround, inputs: JSONValue, owner: String) {
        var command: JSONValue = [
            "arguments": .array(step.arguments.map { .string($0) }),
            "workingDirectory": .string(step.workingDirectory),
            "kind": .string(step.kind.rawValue),
            "outputs": .array(step.outputs.map(\.json)),
            "caches": .array(step.caches.map(\.json)),
            "secrets": .array(step.secrets.map { .string($0) }),
        ]
        if let writable = step.writable { command["writable"] = writable.json }
        let parts: [String: JSONValue] = [
            "policy": .string(Self.policy),
            "owner": .string(owner),
            "base": .string(ground.base.name.digest?.description ?? ground.base.config.canonicalText),
            "lower": .array(ground.earlier.map { .string($0.diffID.description) }),
            "command": command,
            "environment": .object(ground.environment.mapValues { .string($0) }),
            "inputs": inputs,
            "network": ground.network,
            "runtime": .string(ground.runtime),
            "codec": .string(ground.codec),
        ]
        self.parts = parts.mapValues { String(Digest(of: $0.canonicalBytes).hex.prefix(16)) }
        self.inputs = Digest(of: inputs.canonicalBytes)
        digest = Digest(of: JSONValue.object(parts).canonicalBytes)
    }
}

/// What a step stands on.
struct StepGround: Sendable {
    var base: BaseImage
    /// What earlier steps made, in their order.
    var earlier: [Layer]
    /// The operator's variables and the step's.
    var environment: [String: String]
    /// What the step reaches, with what the operator adds.
    var network: JSONValue
    /// What runs steps: its name and no version, see "Steps" of docs/architecture.md.
    var runtime: String
    /// What makes layers.
    var codec: String
}
