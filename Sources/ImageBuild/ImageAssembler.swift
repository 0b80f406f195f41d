package import BuildModel
internal import Platform

/// Puts an image together from a base, layers and a plan. Pure: nothing is read, and no base layer is pulled.
package enum ImageAssembler {
    /// Makes the config and manifest: OCI image spec, config.md and manifest.md. Equal arguments give equal bytes.
    ///
    /// - Parameters:
    ///   - base: its config passes through whole but for what is said here, its layers come first.
    ///   - layers: on top of the base, in this order.
    ///   - plan: gives entrypoint, user, working directory, environment and port.
    ///   - revision: gives the labels that say what the source was.
    ///   - created: seconds since 1970; the commit's time rather than the clock's, so that the same source makes the
    ///     same image.
    ///   - images: those that steps ran in, with their digests.
    ///   - labels: in addition to the standard ones, which they may replace.
    /// - Throws: `BuildFailure`: `invalid_image` if the base contradicts itself, `invalid_plan` if the plan starts
    ///   nothing.
    package static func assemble(
        base: BaseImage,
        layers: [Layer],
        plan: BuildPlan,
        revision: Revision,
        created: Int64,
        images: [ImageReference] = [],
        labels: [String: String] = [:]
    ) throws -> Image {
        let standard = ImageLabels.standard(
            base: base,
            images: images,
            plan: plan,
            revision: revision,
            created: created
        )
        let labels = standard.merging(labels) { _, given in given }
        let config = try ImageConfig(base: base, layers: layers, plan: plan, created: created, labels: labels)
        let configBytes = config.json.canonicalBytes
        let configDescriptor = descriptor(of: configBytes, mediaType: MediaType.ociConfig)
        let blobs = try base.layers.map(converted) + layers.map(\.blob)
        let manifestBytes = manifest(config: configDescriptor, layers: blobs, annotations: labels).canonicalBytes
        var manifestDescriptor = descriptor(of: manifestBytes, mediaType: MediaType.ociManifest)
        manifestDescriptor.platform = ImagePlatform(json: config.json)
        return Image(
            manifest: manifestBytes,
            manifestDescriptor: manifestDescriptor,
            config: configBytes,
            configDescriptor: configDescriptor,
            layers: blobs
        )
    }

    private static func manifest(
        config: Descriptor,
        layers: [ImageBlob],
        annotations: [String: String]
    ) -> JSONValue {
        [
            "schemaVersion": 2,
            "mediaType": .string(MediaType.ociManifest),
            "config": config.json,
            "layers": .array(layers.map(\.descriptor.json)),
            "annotations": .object(annotations.mapValues { .string($0) }),
        ]
    }

    /// A base layer under its OCI type: one manifest never mixes Docker's types with OCI's.
    private static func converted(_ blob: ImageBlob) throws(BuildFailure) -> ImageBlob {
        var blob = blob
        blob.descriptor.mediaType = MediaType.ociEquivalent(of: blob.descriptor.mediaType)
        guard blob.descriptor.mediaType.hasPrefix(MediaType.ociLayerTar) else {
            throw BuildFailure(
                .platform,
                .invalidImage,
                operation: "image.assemble",
                message: "The base image has a layer of type '\(blob.descriptor.mediaType)', which an OCI image cannot "
                    + "have. Choose another base image, or convert it to OCI with a current tool."
            )
        }
        return blob
    }

    private static func descriptor(of bytes: [UInt8], mediaType: String) -> Descriptor {
        Descriptor(mediaType: mediaType, digest: Digest(of: bytes), size: Int64(bytes.count))
    }
}
