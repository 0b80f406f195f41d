package import BuildModel
package import GitStore
package import ImageBuild
internal import Platform

/// Makes the image of a plan: the same for a worker and for a person at a terminal.
package struct ImageMaker: Sendable {
    private let bases: BaseImageFinder
    private let layers: LayerSettings
    /// Writes layers; apart from the threads that compress for it, on which it waits.
    private let pool = BlockingPool(label: "slipway.image", width: 2)

    package init(bases: BaseImageFinder, layers: LayerSettings) {
        self.bases = bases
        self.layers = layers
    }

    /// - Parameter source: whoever keeps the revision's tree.
    /// - Throws: `BuildFailure` of the base's registry, of the object database, or of the layer encoder.
    package func make(
        _ plan: BuildPlan,
        _ revision: Revision,
        from source: any RevisionSource,
        log: any BuildLog
    ) async throws -> Image {
        async let base = bases.find(plan.runImage, log: log)
        let made = try await writeLayers(plan, revision, from: source, log: log)
        let image = try ImageAssembler.assemble(
            base: try await base,
            layers: made,
            plan: plan,
            revision: revision,
            created: revision.committedAt
        )
        log.say("Image \(image.manifestDescriptor.digest) with \(image.layers.count) layers", .assembling)
        return image
    }

    private func writeLayers(
        _ plan: BuildPlan,
        _ revision: Revision,
        from source: any RevisionSource,
        log: any BuildLog
    ) async throws -> [Layer] {
        let cancellation = CancelFlag()
        let app = try await cancellation.whileRunning {
            try await source.withTree(of: revision) { [layers] tree in
                try LayerWriter.writeLayer(
                    from: tree,
                    at: plan.applicationDirectory,
                    comment: "source at \(revision.commit.short)",
                    settings: layers,
                    cancellation: cancellation
                )
            }
        }
        report(app, log)
        guard !plan.files.isEmpty else { return [app] }
        let files = try await pool.run { [layers] in
            try LayerWriter.writeLayer(
                files: plan.files,
                comment: "files of rule \(plan.rule.name)",
                settings: layers,
                cancellation: cancellation
            )
        }
        report(files, log)
        return [files, app]
    }

    private func report(_ layer: Layer, _ log: any BuildLog) {
        let size = layer.blob.descriptor.size
        log.say(
            "Layer \(layer.comment): \(ByteCount.text(layer.tarSize)) packed to \(ByteCount.text(size))",
            .assembling
        )
    }
}
