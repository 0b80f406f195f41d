package import BuildModel
package import GitStore
package import ImageBuild
internal import Platform
package import RootFilesystem

/// Makes the image of a plan: the same for a worker and for a person at a terminal.
package struct ImageMaker: Sendable {
    private let bases: BaseImageFinder
    private let indexes: BaseIndexes
    /// Of the source; what is remembered is theirs.
    var layers: SourceLayers
    private var settings: LayerSettings
    /// Writes layers; apart from the threads that compress for it, on which it waits.
    private let pool = BlockingPool(label: "slipway.image", width: 2)

    /// - Parameter indexes: what is known of the directories of base images.
    package init(bases: BaseImageFinder, indexes: BaseIndexes, layers: LayerSettings, memo: LayerMemo) {
        self.bases = bases
        self.indexes = indexes
        self.layers = SourceLayers(settings: layers, memo: memo)
        settings = layers
    }

    /// The same, with layers of another format.
    package func making(_ format: LayerFormat) -> ImageMaker {
        var maker = self
        maker.settings.format = format
        maker.layers.settings.format = format
        return maker
    }

    /// Layers are in an order that keeps what changes least at the bottom: what the rule adds, what was made from a part of the
    /// source, the source, what was made from all of it, and what the app may write to. Steps see them in the same order.
    ///
    /// - Parameters:
    ///   - steps: what the plan's steps made.
    ///   - source: whoever keeps the revision's tree; asked again when a layer's bytes are lacking after all.
    ///   - account: told where each of the image's own layers comes from.
    ///   - ready: gets each layer of the source as soon as it is whole, unless all are remembered.
    /// - Throws: `BuildFailure` of the base's registry, of the object database, or of the layer encoder.
    package func make(
        _ plan: BuildPlan,
        _ revision: Revision,
        _ steps: StepLayers,
        from source: any RevisionSource,
        log: any BuildLog,
        account: LayerAccounts? = nil,
        ready: @escaping @Sendable (ImageBlob) -> Void = { _ in }
    ) async throws -> Image {
        let base = try await bases.find(plan.heldRunImage, from: plan.runImageOrigin, log: log)
        let below = try await directories(of: base, for: plan, log)
        var own = try await writeFiles(of: plan, on: below, log, account) + steps.beforeSource.shipped
        if plan.includesSource {
            own += try await layers.layers(
                of: revision,
                at: plan.applicationDirectory,
                on: below,
                writable: plan.sourceWritableFiles,
                from: source,
                log: log,
                account: account,
                ready: ready
            )
        }
        own += steps.afterSource.shipped
        own += try await writeWritable(of: plan, revision, from: source, on: below, log, account)
        let image = try ImageAssembler.assemble(
            base: base,
            layers: own,
            plan: plan,
            revision: revision,
            created: revision.committedAt,
            images: steps.images
        )
        for left in steps.accounts { account?.add(left) }
        log.say("Image \(image.manifestDescriptor.digest) with \(image.layers.count) layers", .assembling)
        return image
    }

    /// Read from the base's layers at the first build on this node that stands on it.
    private func directories(
        of base: BaseImage,
        for plan: BuildPlan,
        _ log: any BuildLog
    ) async throws -> LayerBase {
        guard plan.includesSource || !plan.files.isEmpty || !plan.writable.isEmpty else { return .none }
        let found = try await indexes.directories(of: base) {
            log.say("Reading what directories \(base.name) has, once on this node", .assembling)
        }
        return LayerBase(found)
    }

    private func writeFiles(
        of plan: BuildPlan,
        on base: LayerBase,
        _ log: any BuildLog,
        _ account: LayerAccounts?
    ) async throws -> [Layer] {
        guard !plan.files.isEmpty else { return [] }
        return try await writeSmall(log, account) { settings, cancellation in
            try LayerWriter.write(
                files: plan.files,
                on: base,
                comment: "files of rule \(plan.rule.name)",
                settings: settings,
                cancellation: cancellation
            )
        }
    }

    func writeSmall(
        _ log: any BuildLog,
        _ account: LayerAccounts?,
        _ write: @escaping @Sendable (LayerSettings, CancelFlag) throws -> (layer: Layer, work: LayerWork)
    ) async throws -> [Layer] {
        let cancellation = CancelFlag()
        let (layer, work) = try await cancellation.whileRunning {
            try await pool.run { [settings] in try write(settings, cancellation) }
        }
        log.say(LayerNarrator.tell(layer, .made(work, .small)), .assembling)
        account?.add(LayerAccount(layer: layer, origin: .made(work, .small)))
        return [layer]
    }
}
