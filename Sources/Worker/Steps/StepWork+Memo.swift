internal import BuildModel
internal import Platform
internal import Registry

extension StepWork {
    /// The remembered result, if its layers can be had without running anything. A memo only saves work: whatever goes wrong
    /// with it, the step is run.
    func remembered(_ key: StepKey, in image: ImageReference) async -> StepResult? {
        do {
            if let record = try maker.memo.record(for: key.digest),
                let found = try await found(record, key, image, by: .node)
            {
                return found
            }
            if let record = try await maker.memo.farmRecord(for: key.digest),
                let found = try await found(record, key, image, by: .farm)
            {
                try await maker.memo.remember(found.record, for: key.digest)
                return found
            }
        } catch {
            let failure = BuildFailure(error, operation: "steps.memo")
            if failure.fault != .cancelled { say("what is remembered cannot be read: \(failure)") }
            return nil
        }
        return nil
    }

    /// The result that a record describes: layers on this node, else in a registry that was just asked for them.
    private func found(
        _ record: StepRecord,
        _ key: StepKey,
        _ image: ImageReference,
        by memory: LayerAccount.Memory
    ) async throws -> StepResult? {
        guard record.outputs.map(\.path).allSatisfy(step.outputs.map(\.path).contains) else { return nil }
        var layers: [StepResult.ShippableLayer] = []
        for output in record.outputs {
            let source = try await source(of: output, record)
            // What no image has is made when a step that has to run needs it.
            guard source != nil || !output.isShipped else { return nil }
            layers.append(
                StepResult.ShippableLayer(
                    layer: output.layer(source ?? .deferred(DeferredContent { throw Self.nowhere }), comment: comment),
                    isShipped: output.isShipped,
                    origin: .remembered(by: memory),
                    hasBytes: source != nil
                )
            )
        }
        let size = record.outputs.reduce(0) { $0 + $1.size }
        say(
            "remembered as \(record.outputs.map(\.digest.short).joined(separator: ", ")), not run "
                + "(\(ByteCount.text(size)), took \(record.milliseconds) ms on \(Timestamp.text(milliseconds: record.madeAt)))"
        )
        return StepResult(step: step, key: key.digest, image: image, record: record, layers: layers)
    }

    private func source(of output: StepRecord.Output, _ record: StepRecord) async throws -> BlobSource? {
        if let content = maker.blobs.content(output.digest, size: output.size) { return .local(content) }
        guard output.isShipped else { return nil }
        let descriptor = output.layer(.registry(step.image), comment: "").blob.descriptor
        for place in record.places {
            guard let reference = try? ImageReference(parsing: place) else { continue }
            if try await maker.registry.holdsBlob(descriptor, in: reference) { return .registry(reference) }
        }
        return nil
    }

    static let nowhere = BuildFailure(
        .platform,
        .system,
        operation: "steps.memo",
        message: "A step stands on files that nobody has.",
        isRetryable: true
    )

    /// What the image's history says of the step's layers.
    var comment: String { "step \(step.name): \(String(step.command.prefix(200)))" }

    /// Why the step has to be run: which part of what determines it is another than when it was last remembered.
    func reason(_ key: StepKey) -> LayerAccount.Reason {
        guard
            let last = try? maker.memo.all().values.filter({ $0.project == order.projectID && $0.step == step.name })
                .max(by: { $0.madeAt < $1.madeAt })
        else { return .first }
        let parts = key.parts.keys.filter { last.parts[$0] != key.parts[$0] }.sorted()
        return parts.isEmpty ? .forgotten : .changed(parts)
    }
}
