internal import BuildModel
internal import GitStore
internal import ImageBuild
internal import Platform

/// Layers from the trees of revisions: remembered ones by their digests, others made.
struct SourceLayers: Sendable {
    let settings: LayerSettings
    let memo: LayerMemo

    /// The layer of a revision's tree. Of a remembered one no object is read unless its bytes turn out to be lacking.
    func layer(
        of revision: Revision,
        at directory: String,
        from source: any RevisionSource,
        log: any BuildLog
    ) async throws -> Layer {
        let key = try LayerKey(tree: revision.tree, at: directory, settings: settings)
        let make: @Sendable () async throws -> Layer = {
            try await write(revision, at: directory, from: source, log: log)
        }
        if let layer = remembered(key, revision, log, making: make) {
            log.say(LayerNarrator.remembered(layer), .assembling)
            return layer
        }
        let layer = try await make()
        remember(layer, for: key, log)
        return layer
    }

    private func write(
        _ revision: Revision,
        at directory: String,
        from source: any RevisionSource,
        log: any BuildLog
    ) async throws -> Layer {
        let cancellation = CancelFlag()
        let layer = try await cancellation.whileRunning {
            try await source.withTree(of: revision) { [settings] tree in
                try LayerWriter.writeLayer(
                    from: tree,
                    at: directory,
                    comment: comment(revision),
                    settings: settings,
                    cancellation: cancellation,
                    report: { log.say(LayerNarrator.cost($0), .assembling) }
                )
            }
        }
        log.say(LayerNarrator.made(layer), .assembling)
        if let failure = settings.members?.takeFailure() {
            log.say("Members of layers cannot be kept: \(failure)", .assembling)
        }
        return layer
    }

    /// A memo only saves work: without it, the layer is made.
    private func remembered(
        _ key: LayerKey,
        _ revision: Revision,
        _ log: any BuildLog,
        making make: @escaping @Sendable () async throws -> Layer
    ) -> Layer? {
        do {
            return try memo.layer(for: key, comment: comment(revision)) {
                log.say("The bytes of the layer \(comment(revision)) are lacking and are made again", .pushing)
                return try await make()
            }
        } catch {
            log.say("Remembered layers cannot be read: \(error)", .assembling)
            return nil
        }
    }

    private func remember(_ layer: Layer, for key: LayerKey, _ log: any BuildLog) {
        do {
            try memo.remember(layer, for: key)
        } catch {
            log.say("The layer cannot be remembered: \(error)", .assembling)
        }
    }

    private func comment(_ revision: Revision) -> String { "source at \(revision.commit.short)" }
}

/// What is said of layers in a build's log.
enum LayerNarrator {
    static func made(_ layer: Layer) -> String {
        "Layer \(layer.comment): \(ByteCount.text(layer.tarSize)) packed to \(size(of: layer))"
    }

    static func made(_ layer: Layer, at path: String) -> String {
        "\(path) is layer \(layer.blob.descriptor.digest.short): \(ByteCount.text(layer.tarSize)) packed to \(size(of: layer))"
    }

    static func remembered(_ layer: Layer) -> String {
        "Layer \(layer.comment): remembered as \(layer.blob.descriptor.digest.short), nothing read "
            + "(\(ByteCount.text(layer.tarSize)) packed to \(size(of: layer)))"
    }

    static func cost(_ work: LayerWork) -> String {
        "\(work.recalledMembers) of \(work.members) members were kept, \(ByteCount.text(work.compressedBytes)) read and packed"
    }

    private static func size(of layer: Layer) -> String { ByteCount.text(layer.blob.descriptor.size) }
}
