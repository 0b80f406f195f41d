package import BuildModel
internal import Documents
internal import Platform

/// The manifest and config of an image, and what is wrong with them: OCI image spec, manifest.md and config.md.
package struct ImageDocuments: Sendable {
    package let descriptor: Descriptor
    package let manifest: JSONValue
    package let config: JSONValue
    /// The layers, base first, in the order of the manifest.
    package let layers: [Descriptor]
    package let diffIDs: [String]
    package private(set) var checks: [ImageCheck] = []

    /// - Parameter fetch: gets a blob's bytes.
    /// - Throws: `BuildFailure` if the config is missing or no document at all.
    package init(_ content: ManifestContent, fetch: (Descriptor) async throws -> any BlobContent) async throws {
        descriptor = content.descriptor
        manifest = content.document
        let configDescriptor = try Descriptor(json: content.document["config"] ?? .null)
        let bytes = try await Self.bytes(of: configDescriptor, fetch)
        config = try JSONDocument.parse(bytes)
        layers = try (content.document["layers"]?.array ?? []).map { try Descriptor(json: $0) }
        diffIDs = config["rootfs"]?["diff_ids"]?.array?.map { $0.string ?? "" } ?? []
        checks = manifestChecks(content, configDescriptor) + configChecks(configDescriptor, bytes)
    }

    private static func bytes(
        of descriptor: Descriptor,
        _ fetch: (Descriptor) async throws -> any BlobContent
    ) async throws -> [UInt8] {
        guard descriptor.size <= OCILayout.documentLimit else {
            throw BuildFailure(
                .platform,
                .invalidImage,
                operation: "image.inspect",
                message: "The config \(descriptor.digest) has \(descriptor.size) bytes, too many for a document."
            )
        }
        return try Files.bytes(of: try await fetch(descriptor))
    }

    private func manifestChecks(_ content: ManifestContent, _ config: Descriptor) -> [ImageCheck] {
        var list = CheckList("manifest")
        list.expect(manifest["schemaVersion"]?.integer == 2, "schema-version", "'schemaVersion' is not 2")
        let type = manifest["mediaType"]?.string
        list.expect(type == nil || type == descriptor.mediaType, "media-type", "'mediaType' is not the descriptor's")
        list.expect(Digest(of: content.bytes) == descriptor.digest, "digest", "its bytes have another digest")
        list.expect(Int64(content.bytes.count) == descriptor.size, "size", "it has \(content.bytes.count) bytes")
        let types = [config.mediaType] + layers.map(\.mediaType)
        let docker = types.count { $0.hasPrefix("application/vnd.docker.") }
        list.expect(docker == 0 || docker == types.count, "one-family", "Docker's and OCI's types are mixed")
        let unknown = layers.map(\.mediaType).filter {
            !MediaType.ociEquivalent(of: $0).hasPrefix(MediaType.ociLayerTar)
        }
        list.expect(unknown.isEmpty, "layer-types", "'\(unknown.first ?? "")' is no type of a layer")
        let annotations = manifest["annotations"]?.object ?? [:]
        list.expect(annotations.values.allSatisfy { $0.string != nil }, "annotations", "one is no text")
        return list.checks
    }

    private func configChecks(_ descriptor: Descriptor, _ bytes: [UInt8]) -> [ImageCheck] {
        var list = CheckList("config")
        list.expect(Digest(of: bytes) == descriptor.digest, "digest", "its bytes have another digest")
        list.expect(Int64(bytes.count) == descriptor.size, "size", "it has \(bytes.count) bytes")
        list.expect(
            MediaType.ociEquivalent(of: descriptor.mediaType) == MediaType.ociConfig,
            "config-type",
            "'\(descriptor.mediaType)' is no type of an image's config"
        )
        let types = ConfigTypes(of: config).problems
        list.expect(types.isEmpty, "config-types", types.prefix(3).joined(separator: "; "))
        list.expect(config["architecture"]?.string?.isEmpty == false, "architecture", "it has no 'architecture'")
        list.expect(config["os"]?.string?.isEmpty == false, "os", "it has no 'os'")
        list.expect(config["rootfs"]?["type"]?.string == "layers", "rootfs-type", "'rootfs.type' is not 'layers'")
        list.expect(
            diffIDs.count == layers.count,
            "diff-ids",
            "it has \(diffIDs.count) diff ids for \(layers.count) layers"
        )
        let history = config["history"]?.array
        let filled = history?.count { $0["empty_layer"]?.bool != true }
        list.expect(
            filled == layers.count,
            "history",
            filled.map { "its history tells of \($0) layers, and the manifest has \(layers.count)" }
                ?? "it has no history"
        )
        return list.checks
    }

    /// What the history says of each layer; nil where it says nothing.
    package var origins: [JSONValue?] {
        let entries = (config["history"]?.array ?? []).filter { $0["empty_layer"]?.bool != true }
        return layers.indices.map { $0 < entries.count ? entries[$0] : nil }
    }
}
