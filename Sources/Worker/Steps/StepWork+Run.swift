internal import BuildModel
internal import GitStore
internal import ImageBuild
internal import Platform
internal import RootFilesystem
internal import Sandbox

extension StepWork {
    /// Runs the step, and keeps what remains of it.
    func run(on ground: StepGround, _ key: StepKey, _ reason: LayerAccount.Reason) async throws -> StepResult {
        try maker.sandbox.checkOnce()
        let scratch = try StepScratch(in: maker.policy.directory)
        let result: Result<StepResult, any Error>
        do {
            result = .success(try await run(on: ground, key, reason, in: scratch))
        } catch {
            result = .failure(error)
        }
        // What a step wrote may take long to remove.
        try await StepMaker.writers.run { scratch.remove() }
        return try result.get()
    }

    private func run(
        on ground: StepGround,
        _ key: StepKey,
        _ reason: LayerAccount.Reason,
        in scratch: StepScratch
    ) async throws -> StepResult {
        async let disk: Void = maker.sandbox.prepare(for: step)
        let lower = try await lower(on: ground, key, scratch.inputs)
        // Results are shared as the operator says. What is in a cache was written by any step that had it, so that it is its project's.
        let owner = StepScope.project.owner(order)
        let caches = try await maker.caches.hold(step.caches, owner: owner, scratch.path) { name in
            say("waits for its cache '\(name)', which another step has")
        }
        let secrets = order.secrets.filter { step.secrets.contains($0.key) }
        let stepLog = StepLog(log, step: step, secrets: secrets.values)
        let task = SandboxedStep(
            step: step,
            lowers: lower.lowerDirectories,
            scratch: scratch.work,
            caches: caches.map { StepCache($0.mount, directory: $0.directory, maximumBytes: maker.caches.bound) },
            secrets: secrets,
            environment: ground.base.environment.merging(ground.environment) { _, own in own },
            identifier: scratch.identifier
        )
        await disk
        let outcome = try await settling(caches) { try await maker.sandbox.run(task, log: stepLog) }
        let layers = try await capture(outcome, onto: task.lowers)
        withExtendedLifetime(lower) {}
        return try await kept(layers, outcome, key, reason, in: ground.base.name, log: stepLog.digest())
    }

    /// Runs the step, and looks at its caches however it ends.
    private func settling(
        _ caches: [StepCaches.Hold],
        _ body: () async throws -> StepOutcome
    ) async throws -> StepOutcome {
        let result: Result<StepOutcome, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        do {
            try await StepMaker.writers.run { [maker] in for hold in caches { try maker.caches.settle(hold) } }
        } catch {
            say("its caches cannot be emptied: \(BuildFailure(error, operation: "steps.caches"))")
        }
        return try result.get()
    }

    /// What the step sees, in the order of the image's layers: its inputs where the source is.
    private func lower(
        on ground: StepGround,
        _ key: StepKey,
        _ directory: String
    ) async throws -> RootFilesystemLease {
        let base = try ground.base.filesystemLayers()
        let owner = maker.policy.scope.owner(order)
        let layers = base + (below + above).map { FilesystemLayer($0, realm: owner) }
        let view: JSONValue = [.string(step.workingDirectory), .string(key.inputs.description)]
        let files = InterposedFiles(
            directory: directory,
            identity: Digest(of: view.canonicalBytes),
            position: base.count + below.count
        )
        if !above.isEmpty { try await writeInputs(to: directory) }
        async let lease = maker.filesystems.lease(layers, around: files)
        if above.isEmpty { try await writeInputs(to: directory) }
        return try await lease
    }

    private func writeInputs(to directory: String) async throws {
        let cancellation = CancelFlag()
        try await cancellation.whileRunning {
            let (room, owner) = (maker.sandbox.bounds(of: step).diskBytes, maker.sandbox.fileOwner)
            try await source.withTree(of: revision) { [step] tree in
                try SourceFiles.write(
                    tree,
                    step.inputs,
                    at: step.workingDirectory,
                    into: directory,
                    ownerID: owner,
                    limit: room,
                    cancellation: cancellation
                )
            }
        }
    }
}
