internal import BuildModel
internal import Documents
internal import HTTPTransport

extension RegistrySession {
    /// A base image from one place: manifest, through an index if there is one, and config; no layer.
    ///
    /// - Parameter attempts: tries of each request.
    func baseImage(
        _ name: ImageReference,
        platform: ImagePlatform,
        at place: Repository,
        attempts: Int
    ) async throws -> BaseImage {
        let reference = name.digest?.description ?? name.tag ?? "latest"
        var manifest = try await manifest(reference, digest: name.digest, in: place, attempts: attempts)
        let isIndex = MediaType.isIndex(manifest.descriptor.mediaType)
        if isIndex {
            let chosen = try platform.manifest(in: manifest.document, name: name)
            let digest = chosen.digest
            manifest = try await self.manifest(digest.description, digest: digest, in: place, attempts: attempts)
        }
        let configDescriptor = try BaseImage.configDescriptor(in: manifest.document, name: name)
        let config = try await smallBlob(configDescriptor, in: place, attempts: attempts)
        var pinned = name
        pinned.digest = manifest.descriptor.digest
        let source = BlobSource.registry(place.reference(manifest.descriptor.digest))
        let image = try BaseImage(
            name: pinned,
            manifest: manifest.document,
            config: try Self.parse(config, config: configDescriptor, name),
            source: { _ in source }
        )
        try check(image, runsOn: platform)
        boundReach(of: place)
        return image
    }

    private func check(_ image: BaseImage, runsOn platform: ImagePlatform) throws(BuildFailure) {
        guard let own = ImagePlatform(json: image.config), platform.isSatisfied(by: own) else {
            throw BuildFailure(
                .platform,
                .notFound,
                operation: "image.read",
                message: "The base image '\(image.name)' is not made for \(platform)."
            )
        }
    }

    private static func parse(
        _ bytes: [UInt8],
        config: Descriptor,
        _ name: ImageReference
    ) throws(BuildFailure) -> JSONValue {
        do {
            return try JSONDocument.parse(bytes)
        } catch {
            throw BuildFailure(
                .platform,
                .invalidImage,
                operation: "image.read",
                message: "The config \(config.digest) of the base image '\(name)' is not JSON.",
                cause: error.cause
            )
        }
    }
}
