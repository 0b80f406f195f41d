internal import BuildModel
internal import GitStore
internal import ImageBuild
internal import Platform

/// The layers of one revision's tree, in the making. A memo only saves work: without it, layers are made.
struct LayerMaking: Sendable {
    let settings: LayerSettings
    let memo: LayerMemo
    let revision: Revision
    let directory: String
    let base: LayerBase
    let writable: WritableFiles?
    let source: any RevisionSource
    let log: any BuildLog
    let account: LayerAccounts?
    let ready: @Sendable (ImageBlob) -> Void
    /// Keys that the farm has told this build of.
    let learnt = LearntKeys()

    /// All layers of the tree, if all are remembered.
    func remembered() throws -> [Layer]? {
        guard let parts = try knownParts() else { return nil }
        var layers: [Layer] = []
        for part in parts {
            guard let layer = remembered(part, try key(of: part)) else { return nil }
            layers.append(layer)
        }
        for (part, layer) in zip(parts, layers) { tell(layer, .remembered(by: memory(of: try key(of: part)))) }
        return layers
    }

    /// The parts of the tree, if it was cut before.
    func knownParts() throws -> [TreePart]? {
        note(for: try wholeKey.noteKey).flatMap { TreeParts(text: $0)?.parts }
    }

    var wholeKey: LayerKey {
        get throws(BuildFailure) { try key(of: .whole) }
    }

    /// Whether the project's tree has to be cut anew.
    func needsHistory() -> Bool { note(for: project).flatMap { LayerSplit(text: $0) } == nil }

    /// Where a tree is cut into layers.
    struct Cut: Sendable {
        var split: LayerSplit
        var parts: [TreePart]
    }

    /// Cuts the project's tree as before, or anew.
    func cut(_ tree: any StoredTree, history: [[[UInt8]]]) throws -> Cut {
        let split = try split(tree, history)
        return Cut(split: split, parts: try TreePart.parts(of: tree, split))
    }

    /// Makes what is not remembered, on this thread.
    func make(_ cut: Cut, of tree: any StoredTree, cancellation: CancelFlag) throws -> [Layer] {
        let layers = try make(cut.parts, of: tree, cancellation)
        let whole = try wholeKey
        let isGood = cut.split.fits(layers.map(\.tarSize), limit: settings.maximumLayers)
        log.attempt("Where the source is cut cannot be remembered") {
            try memo.remember(note: TreeParts(cut.parts).text, for: whole.noteKey)
            try memo.remember(note: isGood ? cut.split.text : "?", for: project)
        }
        return layers
    }

    /// Parts follow one another without a pause; each is remembered as soon as it is through.
    private func make(_ parts: [TreePart], of tree: any StoredTree, _ cancellation: CancelFlag) throws -> [Layer] {
        let batch = try LayerBatch(settings)
        var layers = [Layer?](repeating: nil, count: parts.count)
        var begun: [(index: Int, key: LayerKey, reason: LayerAccount.Reason, pending: PendingLayer)] = []
        func finish(_ isDue: (PendingLayer) -> Bool) throws {
            while let first = begun.first, isDue(first.pending) {
                begun.removeFirst()
                let (layer, cost) = try first.pending.finish()
                tell(layer, .made(cost, first.reason))
                ready(layer.blob)
                log.attempt("The layer cannot be remembered") { try memo.remember(layer, for: first.key) }
                layers[first.index] = layer
            }
        }
        for (index, part) in parts.enumerated() {
            let key = try key(of: part)
            if let layer = remembered(part, key) {
                tell(layer, .remembered(by: memory(of: key)))
                ready(layer.blob)
                layers[index] = layer
                continue
            }
            let pending = try batch.begin(
                from: tree,
                part: part,
                at: directory,
                on: base,
                writable: writable,
                comment: comment(part),
                cancellation: cancellation
            )
            begun.append((index, key, try reason(part, key, tree), pending))
            try finish { $0.isComplete }
        }
        try finish { _ in true }
        return layers.compactMap { $0 }
    }

    private func split(_ tree: any StoredTree, _ history: [[[UInt8]]]) throws -> LayerSplit {
        if let split = note(for: project).flatMap({ LayerSplit(text: $0) }) { return try split.kept(in: tree) }
        return try LayerSplit.choose(for: tree, limit: settings.maximumLayers, history: history)
    }

    func key(of part: TreePart) throws(BuildFailure) -> LayerKey {
        try LayerKey(
            tree: revision.tree,
            part: part,
            details: revision.details,
            at: directory,
            on: base,
            writable: writable,
            settings: settings
        )
    }

    private func write(
        _ part: TreePart,
        of tree: any StoredTree,
        to output: LayerOutput,
        cancellation: CancelFlag
    ) throws -> Layer {
        var settings = settings
        settings.output = output
        var cost = LayerWork()
        let layer = try LayerWriter.writeLayer(
            from: tree,
            part: part,
            at: directory,
            on: base,
            writable: writable,
            comment: comment(part),
            settings: settings,
            cancellation: cancellation,
            report: { cost = $0 }
        )
        tell(layer, .made(cost, .lacking))
        return layer
    }

    private func remembered(_ part: TreePart, _ key: LayerKey) -> Layer? {
        log.attempt("Remembered layers cannot be read") {
            try memo.layer(for: key, comment: comment(part)) { output in
                log.say("The bytes of the layer \(comment(part)) are lacking and are made again", .pushing)
                return try await remake(part, output)
            }
        } ?? nil
    }

    private func remake(_ part: TreePart, _ output: LayerOutput) async throws -> Layer {
        let cancellation = CancelFlag()
        return try await cancellation.whileRunning {
            try await source.withTree(of: revision) { tree in
                try write(part, of: tree, to: output, cancellation: cancellation)
            }
        }
    }

    private func tell(_ layer: Layer, _ origin: LayerAccount.Origin) {
        log.say(LayerNarrator.tell(layer, origin), .assembling)
        account?.add(LayerAccount(layer: layer, origin: origin))
    }

    func note(for key: Digest) -> String? {
        log.attempt("Remembered layers cannot be read") { try memo.note(for: key) } ?? nil
    }

    var project: Digest {
        let parts = [
            LayerSplit.policy, revision.repositoryURL, revision.rootDirectory, directory, "\(settings.maximumLayers)",
        ]
        return Digest(of: parts.map { "\($0.utf8.count):\($0)" }.joined())
    }

    private func comment(_ part: TreePart) -> String {
        "source at \(revision.commit.short)" + (part.name.isEmpty ? "" : ", \(part.name)")
    }
}
