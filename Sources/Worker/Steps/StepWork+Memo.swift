internal import BuildModel
internal import Platform
internal import Registry

extension StepWork {
    /// The remembered result, if its layers can be had without running anything. A memo only saves work: whatever goes wrong
    /// with it, the step is run.
    func remembered(_ key: StepKey, on ground: StepGround) async -> StepResult? {
        do {
            if let record = try maker.memo.record(for: key.digest), let found = try await found(record, key, on: ground)
            {
                return found
            }
            if let record = try await maker.memo.farmRecord(for: key.digest),
                let found = try await found(record, key, on: ground)
            {
                try maker.memo.remember(found.record, for: key.digest)
                return found
            }
        } catch {
            let failure = BuildFailure(error, operation: "steps.memo")
            if failure.fault != .cancelled { say("what is remembered cannot be read: \(failure)") }
            return nil
        }
        return nil
    }

    /// The result that a record describes: layers on this node, else in a registry that was just asked for them. What is for later
    /// steps alone is in no registry: the step is run for it when one of those is.
    private func found(_ record: StepRecord, _ key: StepKey, on ground: StepGround) async throws -> StepResult? {
        guard record.outputs.map(\.path).allSatisfy(step.outputs.map(\.path).contains) else { return nil }
        var layers: [StepResult.ShippableLayer] = []
        var isWhole = true
        for output in record.outputs {
            var source = try await source(of: output, record)
            if source == nil, !output.isShipped {
                isWhole = false
                source = .deferred { throw BuildFailure.notMade(output.path) }
            }
            guard let source else { return nil }
            layers.append(
                StepResult.ShippableLayer(layer: output.layer(source, comment: comment), isShipped: output.isShipped)
            )
        }
        let size = record.outputs.reduce(0) { $0 + $1.size }
        say(
            "remembered as \(record.outputs.map(\.digest.short).joined(separator: ", ")), not run "
                + "(\(ByteCount.text(size)), took \(record.milliseconds) ms on \(Timestamp.text(milliseconds: record.madeAt)))"
        )
        var result = StepResult(step: step, key: key.digest, record: record, layers: layers)
        if !isWhole { result.remake = { try await remade(record, key, on: ground) } }
        return result
    }

    /// Runs the step for its bytes, unless that was done meanwhile.
    private func remade(_ record: StepRecord, _ key: StepKey, on ground: StepGround) async throws -> StepResult {
        if let found = try await found(record, key, on: ground), found.remake == nil { return found }
        say("run again: a later step needs its files, which are on another node")
        let result = try await run(on: ground, key)
        try maker.memo.remember(result.record, for: key.digest)
        let (made, known) = (result.record.outputs.map(\.diffID), record.outputs.map(\.diffID))
        guard made == known else { throw BuildFailure.stepDiffers(step.name) }
        return result
    }

    /// What earlier steps made, with bytes for all of it.
    func settledEarlier() async throws -> StepLayers {
        var settled = earlier
        for (index, result) in earlier.results.enumerated() {
            if let remake = result.remake { settled.results[index] = try await remake() }
        }
        return settled
    }

    private func source(of output: StepRecord.Output, _ record: StepRecord) async throws -> BlobSource? {
        if let content = maker.blobs.content(output.digest, size: output.size) { return .local(content) }
        let descriptor = output.layer(.registry(step.image), comment: "").blob.descriptor
        for place in record.places {
            guard let reference = try? ImageReference(parsing: place) else { continue }
            if try await maker.registry.holdsBlob(descriptor, in: reference) { return .registry(reference) }
        }
        return nil
    }

    /// What the image's history says of the step's layers.
    var comment: String { "step \(step.name): \(String(step.command.prefix(200)))" }

    /// Which part of what determines the step is another than when it was last remembered; nil if it never was.
    func difference(_ key: StepKey) -> String? {
        guard
            let last = try? maker.memo.all().values.filter({ $0.project == order.projectID && $0.step == step.name })
                .max(by: { $0.madeAt < $1.madeAt })
        else { return nil }
        let parts = key.parts.keys.filter { last.parts[$0] != key.parts[$0] }.sorted()
        return parts.isEmpty ? "its layers are gone" : "changed since the last time: \(parts.joined(separator: ", "))"
    }
}

extension BuildFailure.Code {
    /// A step that was run again has left something else than before.
    static let stepDiffers = Self(rawValue: "step_differs")
}

extension BuildFailure {
    fileprivate static func notMade(_ path: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .notFound,
            operation: "steps.memo",
            message: "What a step left at \(path) is not on this node."
        )
    }

    fileprivate static func stepDiffers(_ name: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .stepDiffers,
            operation: "steps.memo",
            message: "Step '\(name)' has left something else than when it was remembered.",
            isRetryable: true
        )
    }
}
