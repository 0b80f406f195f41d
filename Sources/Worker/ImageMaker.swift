package import BuildModel
package import GitStore
package import ImageBuild
internal import Platform

/// Makes the image of a plan: the same for a worker and for a person at a terminal.
package struct ImageMaker: Sendable {
    private let bases: BaseImageFinder
    private let layers: SourceLayers
    private let settings: LayerSettings
    /// Writes layers; apart from the threads that compress for it, on which it waits.
    private let pool = BlockingPool(label: "slipway.image", width: 2)

    package init(bases: BaseImageFinder, layers: LayerSettings, memo: LayerMemo) {
        self.bases = bases
        self.layers = SourceLayers(settings: layers, memo: memo)
        settings = layers
    }

    /// Layers are in an order that keeps what changes least at the bottom: what the rule adds, what was made from a part of the
    /// source, the source, what was made from all of it. Steps see them in the same order.
    ///
    /// - Parameters:
    ///   - steps: what the plan's steps made.
    ///   - source: whoever keeps the revision's tree; asked again when a layer's bytes are lacking after all.
    ///   - account: told where each of the image's own layers comes from.
    /// - Throws: `BuildFailure` of the base's registry, of the object database, or of the layer encoder.
    package func make(
        _ plan: BuildPlan,
        _ revision: Revision,
        _ steps: StepLayers,
        from source: any RevisionSource,
        log: any BuildLog,
        account: LayerAccounts? = nil
    ) async throws -> Image {
        async let base = bases.find(plan.runImage, from: plan.runImageOrigin, log: log)
        var own = try await writeFiles(of: plan, log, account) + steps.beforeSource.shipped
        if plan.includesSource {
            own += try await layers.layers(
                of: revision,
                at: plan.applicationDirectory,
                from: source,
                log: log,
                account: account
            )
        }
        let image = try ImageAssembler.assemble(
            base: try await base,
            layers: own + steps.afterSource.shipped,
            plan: plan,
            revision: revision,
            created: revision.committedAt
        )
        log.say("Image \(image.manifestDescriptor.digest) with \(image.layers.count) layers", .assembling)
        return image
    }

    private func writeFiles(
        of plan: BuildPlan,
        _ log: any BuildLog,
        _ account: LayerAccounts?
    ) async throws -> [Layer] {
        guard !plan.files.isEmpty else { return [] }
        let cancellation = CancelFlag()
        let (layer, work) = try await cancellation.whileRunning {
            try await pool.run { [settings] in
                try LayerWriter.write(
                    files: plan.files,
                    comment: "files of rule \(plan.rule.name)",
                    settings: settings,
                    cancellation: cancellation
                )
            }
        }
        log.say(LayerNarrator.tell(layer, .made(work)), .assembling)
        account?.add(LayerAccount(layer: layer, origin: .made(work)))
        return [layer]
    }
}
