internal import BuildModel
internal import ImageBuild
internal import Platform
internal import Sandbox

/// What a step left becomes layers, and they become what is known of it.
extension StepWork {
    /// The layer of an output in which the step left something.
    struct Captured {
        var output: StepOutput
        var layer: Layer
        var work: LayerWork
    }

    /// Writes a layer of each output in which there is something.
    func capture(_ outcome: StepOutcome, onto lowers: [String]) async throws -> [Captured] {
        var layers: [Captured] = []
        let cancellation = CancelFlag()
        var changes = OverlayChanges(
            upper: outcome.upperDirectory,
            lowers: lowers,
            overlay: SystemInformation.isRoot ? .trusted : .user,
            firstID: outcome.idBase,
            idCount: 65_536,
            outputs: [],
            excluded: step.caches.map(\.path),
            maximumBytes: maker.sandbox.bounds(of: step).diskBytes,
            writable: step.writable
        )
        for output in step.outputs {
            changes.outputs = [output.path]
            let captured = try await cancellation.whileRunning {
                try await StepMaker.writers.run { [maker, comment, changes] in
                    try LayerWriter.writeLayer(
                        of: changes,
                        comment: comment,
                        settings: maker.layers,
                        cancellation: cancellation
                    )
                }
            }
            if let note = captured.note { say("\(output.path): \(note)") }
            if let layer = captured.layer {
                layers.append(Captured(output: output, layer: layer, work: captured.work))
            } else {
                say("left nothing at \(output.path)")
            }
            changes.maximumBytes = max(0, changes.maximumBytes - (captured.layer?.tarSize ?? 0))
        }
        return layers
    }

    /// Keeps the layers on this node.
    func kept(
        _ layers: [Captured],
        _ outcome: StepOutcome,
        _ key: StepKey,
        _ reason: LayerAccount.Reason,
        in image: ImageReference,
        log: Digest
    ) async throws -> StepResult {
        let record = record(layers, outcome, key, log: log)
        var result = StepResult(step: step, key: key.digest, image: image, record: record, layers: [])
        for captured in layers {
            let output = captured.output
            var layer = captured.layer
            if case .local(let content) = layer.blob.source {
                let digest = layer.blob.descriptor.digest
                let kept = try await StepMaker.writers.run { [maker] in try maker.blobs.keep(content, digest) }
                layer.blob.source = .local(kept)
            }
            say(LayerNarrator.made(layer, at: output.path))
            let origin = LayerAccount.Origin.ran(captured.work, reason)
            result.layers.append(
                StepResult.ShippableLayer(layer: layer, isShipped: output.isShipped, origin: origin)
            )
        }
        say(
            "took \(outcome.duration.milliseconds) ms, \(ByteCount.text(outcome.peakMemoryBytes)) of memory at most"
                + network(outcome.egress)
        )
        return result
    }

    private func network(_ counts: EgressCounts) -> String {
        guard counts.allowed + counts.refused > 0 else { return "" }
        let bytes = ByteCount.text(counts.bytesIn + counts.bytesOut)
        return ", \(counts.allowed) connections with \(bytes), \(counts.refused) refused"
    }

    private func record(
        _ layers: [Captured],
        _ outcome: StepOutcome,
        _ key: StepKey,
        log: Digest
    ) -> StepRecord {
        StepRecord(
            step: step.name,
            project: order.projectID,
            command: String(step.command.prefix(500)),
            parts: key.parts,
            outputs: layers.map { captured in
                StepRecord.Output(
                    path: captured.output.path,
                    isShipped: captured.output.isShipped,
                    digest: captured.layer.blob.descriptor.digest,
                    diffID: captured.layer.diffID,
                    size: captured.layer.blob.descriptor.size,
                    tarSize: captured.layer.tarSize,
                    mediaType: captured.layer.blob.descriptor.mediaType
                )
            },
            log: log,
            madeAt: SystemInformation.currentMilliseconds,
            milliseconds: outcome.duration.milliseconds,
            peakMemoryBytes: outcome.peakMemoryBytes,
            places: []
        )
    }
}
