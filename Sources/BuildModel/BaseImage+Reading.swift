extension BaseImage {
    /// Reads a base image from its parsed manifest and config: OCI image spec, manifest.md and config.md, or Docker's schema 2,
    /// whose media types become OCI's (the bytes of layers are the same in both families).
    ///
    /// The caller has compared the digests and sizes of both documents, and picked the manifest from an index if there was one.
    ///
    /// - Parameters:
    ///   - name: the name as rules write it, with the manifest's digest.
    ///   - manifest: the image manifest of one platform.
    ///   - config: the image config that the manifest points to.
    ///   - source: where a layer's bytes are.
    /// - Throws: `BuildFailure` with code `invalid_image` that names the image and the member, or what `source` throws.
    package init(
        name: ImageReference,
        manifest: JSONValue,
        config: JSONValue,
        source: (Descriptor) throws(BuildFailure) -> BlobSource
    ) throws(BuildFailure) {
        let descriptors = try Self.layers(of: manifest, name: name)
        try Self.check(config, layerCount: descriptors.count, name: name)
        var layers: [ImageBlob] = []
        for var descriptor in descriptors {
            descriptor.mediaType = MediaType.ociEquivalent(of: descriptor.mediaType)
            layers.append(ImageBlob(descriptor: descriptor, source: try source(descriptor)))
        }
        self.init(name: name, config: config, layers: layers)
    }

    /// The descriptor of the config in a manifest.
    ///
    /// - Throws: `BuildFailure` with code `invalid_image` that names the image.
    package static func configDescriptor(
        in manifest: JSONValue,
        name: ImageReference
    ) throws(BuildFailure) -> Descriptor {
        try checkVersion(of: manifest, name: name)
        guard let config = manifest["config"] else { throw invalid(name, "its manifest has no 'config'") }
        return try descriptor(config, member: "config", name: name)
    }

    private static func layers(of manifest: JSONValue, name: ImageReference) throws(BuildFailure) -> [Descriptor] {
        try checkVersion(of: manifest, name: name)
        guard let members = manifest["layers"]?.array else { throw invalid(name, "its manifest has no 'layers'") }
        var layers: [Descriptor] = []
        for (index, member) in members.enumerated() {
            layers.append(try descriptor(member, member: "layers[\(index)]", name: name))
        }
        return layers
    }

    private static func checkVersion(of manifest: JSONValue, name: ImageReference) throws(BuildFailure) {
        guard manifest["schemaVersion"]?.integer == 2 else {
            throw invalid(name, "its manifest is not of schema version 2; re-push it with a current tool")
        }
        guard !MediaType.isIndex(manifest["mediaType"]?.string ?? "") else {
            throw invalid(name, "an index stands where the manifest of one platform is expected")
        }
    }

    private static func descriptor(
        _ value: JSONValue,
        member: String,
        name: ImageReference
    ) throws(BuildFailure) -> Descriptor {
        do {
            return try Descriptor(json: value)
        } catch {
            throw invalid(name, "'\(member)' of its manifest is not a descriptor", cause: error.message)
        }
    }

    private static func check(_ config: JSONValue, layerCount: Int, name: ImageReference) throws(BuildFailure) {
        for member in ["os", "architecture"] where config[member]?.string?.isEmpty ?? true {
            throw invalid(name, "its config has no '\(member)'")
        }
        guard let diffIDs = config["rootfs"]?["diff_ids"]?.array else {
            throw invalid(name, "its config has no 'rootfs.diff_ids'")
        }
        guard diffIDs.count == layerCount else {
            throw invalid(name, "its manifest has \(layerCount) layers, its config \(diffIDs.count) diff ids")
        }
        for diffID in diffIDs {
            do {
                _ = try Digest(parsing: diffID.string ?? "")
            } catch {
                throw invalid(name, "its config has a diff id that is no digest", cause: error.message)
            }
        }
    }

    private static func invalid(_ name: ImageReference, _ reason: String, cause: String? = nil) -> BuildFailure {
        BuildFailure(
            .platform,
            .invalidImage,
            operation: "image.read",
            message: "The base image '\(name)' cannot be used: \(reason).",
            cause: cause
        )
    }
}

extension BuildFailure.Code {
    /// An image, or a document of one, is not as the image spec wants it.
    package static let invalidImage = Self(rawValue: "invalid_image")
}
