internal import BuildModel
internal import ImageBuild
internal import Registry
internal import Settings

extension BuildStages {
    /// Plan and revision to image: finds the base, writes the layers straight from the tree, and puts both together.
    func assemble(
        _ plan: BuildPlan,
        _ revision: Revision,
        _ made: StepLayers,
        _ request: BuildRequest,
        _ ahead: BlobsAhead,
        _ reporter: any AttemptReporter
    ) async throws -> Image {
        let format = try layerFormat(of: request)
        return try await images.making(format).make(
            plan,
            revision,
            made,
            from: mirrors,
            log: reporter,
            ready: ahead.send
        )
    }

    /// Calls `body` with what sends layers to where the request's image goes, while others are made.
    func sendingAhead<Value: Sendable>(
        of request: BuildRequest,
        _ reporter: any AttemptReporter,
        _ body: (BlobsAhead) async throws -> Value
    ) async throws -> Value {
        let registry = registry.serving(request.organizationID)
        return try await registry.sendingAhead(to: target(of: request), log: reporter, body)
    }

    /// The request's own reference, or the configuration's place for it.
    private func target(of request: BuildRequest) throws(BuildFailure) -> ImageReference {
        let standard = try settings.registries.defaultImage(
            projectID: request.projectID,
            deploymentID: request.deploymentID
        )
        guard var image = request.image else { return standard }
        if image.tag == nil { image.tag = standard.tag }
        image.digest = nil
        return image
    }

    /// What layers of a build are packed as, by where its image goes.
    func layerFormat(of request: BuildRequest) throws(BuildFailure) -> LayerFormat {
        try target(of: request).layerFormat(zstd: settings.registries.zstd)
    }

    /// Image to published image: pushes it to where the request or the configuration says.
    func publish(
        _ image: Image,
        for request: BuildRequest,
        after ahead: BlobsAhead,
        _ reporter: any AttemptReporter
    ) async throws -> PublishedImage {
        let target = try self.target(of: request)
        reporter.say("Pushing \(target)", .pushing)
        let registry = registry.serving(request.organizationID)
        let published = try await registry.push(
            image,
            to: target,
            after: ahead,
            confirm: reporter.confirm,
            log: reporter
        )
        reporter.say(
            "Pushed \(published.reference), \(ByteCount.text(published.uploadedBytes)) sent, "
                + "\(ByteCount.text(published.reusedBytes)) were there",
            .pushing
        )
        return published
    }
}
