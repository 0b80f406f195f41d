internal import BuildModel
internal import GitStore
internal import ImageBuild
internal import Platform
internal import RootFilesystem
internal import Sandbox

/// One step of one build: from memory, or run.
struct StepWork: Sendable {
    let maker: StepMaker
    let step: BuildStep
    /// What earlier steps left below the source and on top of it, lowest first.
    let below: [Layer]
    let above: [Layer]
    /// Whether the bytes of all of that can be had.
    let canRun: Bool
    let revision: Revision
    let source: any RevisionSource
    let order: StepOrder
    let log: any BuildLog

    init(
        maker: StepMaker,
        step: BuildStep,
        earlier: StepLayers,
        _ revision: Revision,
        _ source: any RevisionSource,
        _ order: StepOrder,
        _ log: any BuildLog
    ) {
        self.maker = maker
        self.step = step
        below = earlier.beforeSource.map(\.layer)
        above = earlier.afterSource.map(\.layer)
        canRun = earlier.results.allSatisfy(\.isWhole)
        self.revision = revision
        self.source = source
        self.order = order
        self.log = log
    }

    /// The remembered result, else what running the step makes.
    ///
    /// - Returns: nil if it has to run, and what earlier steps left is nowhere.
    func result() async throws -> StepResult? {
        let ground = try await self.ground()
        let key = try await key(on: ground)
        if order.usesMemo, let result = await remembered(key, in: ground.base.name) { return result }
        guard canRun else { return nil }
        let reason = order.usesMemo ? self.reason(key) : .unwanted
        if order.usesMemo, reason != .first { say("not remembered: \(reason.stepText)") }
        return try await made(on: ground, key, reason)
    }

    /// Runs the step, whatever is remembered: a later one needs its files.
    func madeAgain() async throws -> StepResult {
        let ground = try await self.ground()
        say("run again: \(LayerAccount.Reason.lacking.stepText)")
        return try await made(on: ground, try await key(on: ground), .lacking)
    }

    private func made(
        on ground: StepGround,
        _ key: StepKey,
        _ reason: LayerAccount.Reason
    ) async throws -> StepResult {
        try Task.checkCancellation()
        say("\(step.command)")
        let result = try await run(on: ground, key, reason)
        do {
            try await maker.memo.remember(result.record, for: key.digest)
        } catch {
            say("cannot be remembered: \(error)")
        }
        return result
    }

    /// What is remembered of the step, without running it.
    func lookUp() async throws -> (key: StepKey, result: StepResult?) {
        let ground = try await ground()
        let key = try await key(on: ground)
        return (key, await remembered(key, in: ground.base.name))
    }

    private func key(on ground: StepGround) async throws -> StepKey {
        StepKey(step, on: ground, inputs: try await inputs(), owner: owner)
    }

    /// Whose result it is. What a step with secrets fetched is for those who have the same secrets, and of these its key has the
    /// names alone, so that whoever names one would get it.
    private var owner: String {
        (step.secrets.isEmpty ? maker.policy.scope : .project).owner(order)
    }

    func say(_ text: String) { log.say("\(step.name): \(text)", step.phase) }

    private func ground() async throws -> StepGround {
        let base = try await maker.bases.find(step.heldImage, from: step.imageOrigin, log: log, phase: step.phase)
        let policy = maker.policy
        let network: StepNetwork =
            switch step.network {
            case .none: .none
            case .egress(let hosts): .egress(try policy.admitted(hosts, of: step))
            }
        return StepGround(
            base: base,
            earlier: below + above,
            environment: policy.environment.merging(step.environment) { _, own in own },
            network: network.json,
            runtime: maker.sandbox.runtimeName,
            codec: "\(try maker.layers.codec) \(LayerSettings.tarPolicy)"
        )
    }

    /// What the step sees of the source, by object ids: nothing is read.
    func inputs() async throws -> JSONValue {
        // No path begins with a slash.
        let details: [String: JSONValue] = revision.details.map { ["/details": .string($0.hex)] } ?? [:]
        guard case .paths(let paths) = step.inputs else {
            return .object(details.merging(["tree": .string(revision.tree.hex)]) { _, tree in tree })
        }
        return try await source.withTree(of: revision) { tree in
            var inputs = details
            for path in paths {
                guard let entry = try tree.entry(at: path) else { continue }
                inputs[path] = .string("\(entry.kind) \(entry.objectID.hex)")
            }
            return .object(inputs)
        }
    }
}
