internal import BuildModel
internal import Platform

/// What an image says of itself, in the config's labels and the manifest's annotations: OCI image spec, annotations.md.
enum ImageLabels {
    static func standard(
        base: BaseImage,
        images: [ImageReference],
        plan: BuildPlan,
        revision: Revision,
        created: Int64
    ) -> [String: String] {
        var baseName = base.name
        baseName.digest = nil
        var labels = [
            "org.opencontainers.image.revision": revision.commit.hex,
            "org.opencontainers.image.created": Timestamp.text(seconds: created),
            "org.opencontainers.image.base.name": baseName.description,
            "io.slipway.plan.digest": Digest(of: plan.json.canonicalBytes).description,
            "io.slipway.plan.lock": PlanLock(plan, found: images + [base.name]).json.canonicalText,
            "io.slipway.rule": plan.rule.name,
            "io.slipway.source.tree": revision.tree.hex,
        ]
        if !revision.repositoryURL.isEmpty { labels["org.opencontainers.image.source"] = revision.repositoryURL }
        labels["org.opencontainers.image.base.digest"] = base.name.digest?.description
        if !revision.rootDirectory.isEmpty { labels["io.slipway.source.directory"] = revision.rootDirectory }
        return labels
    }
}
