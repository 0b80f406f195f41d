package import BuildModel
internal import Documents
internal import Platform

extension OCILayout {
    /// The image that the layout holds under a full name, such as `docker.io/library/python:3.11-slim`; nil if there is
    /// none.
    ///
    /// Manifest and config are compared with their digests and sizes, layers with their sizes.
    ///
    /// - Parameters:
    ///   - reference: its text without a digest is the entry's name; a digest is the entry's, or one of what the layout still has.
    ///   - platform: picks a manifest if the entry is an index.
    /// - Throws: `BuildFailure`: `corrupted` or `not_found` for blobs, `invalid_image`, `invalid_layout`.
    package func baseImage(named reference: ImageReference, platform: ImagePlatform) throws -> BaseImage? {
        var name = reference
        name.digest = nil
        let text = name.description
        for entry in try entries() where entry["annotations"]?[Self.nameAnnotation]?.string == text {
            let descriptor = try Descriptor(json: entry)
            if let platform = descriptor.platform, !isOffered(platform, for: descriptor) { continue }
            if let digest = reference.digest, digest != descriptor.digest {
                guard let held = held(digest, name: name, platform: platform) else { continue }
                return held
            }
            return try baseImage(descriptor, name: name, platform: platform)
        }
        return nil

        func isOffered(_ offered: ImagePlatform, for descriptor: Descriptor) -> Bool {
            MediaType.isIndex(descriptor.mediaType) || platform.isSatisfied(by: offered)
        }
    }

    /// What an index of the layout has for a platform, or what a name stood for before it moved, if all of it is still there.
    private func held(_ digest: Digest, name: ImageReference, platform: ImagePlatform) -> BaseImage? {
        let path = blobPath(digest)
        guard Files.exists(path), let size = try? FileContent(path: path).size, size <= Self.documentLimit else {
            return nil
        }
        var descriptor = Descriptor(mediaType: MediaType.ociManifest, digest: digest, size: size)
        guard let document = try? document(descriptor) else { return nil }
        if document["manifests"] != nil { descriptor.mediaType = MediaType.ociIndex }
        return try? baseImage(descriptor, name: name, platform: platform)
    }

    private func baseImage(_ entry: Descriptor, name: ImageReference, platform: ImagePlatform) throws -> BaseImage {
        var descriptor = entry
        var manifest = try document(descriptor)
        if MediaType.isIndex(descriptor.mediaType) {
            descriptor = try platform.manifest(in: manifest, name: name)
            manifest = try document(descriptor)
        }
        var pinned = name
        pinned.digest = descriptor.digest
        let config = try document(try BaseImage.configDescriptor(in: manifest, name: pinned))
        return try BaseImage(name: pinned, manifest: manifest, config: config) { layer throws(BuildFailure) in
            .local(try content(of: layer))
        }
    }

    /// A small JSON blob, compared with its digest.
    private func document(_ descriptor: Descriptor) throws(BuildFailure) -> JSONValue {
        try documentBytes(descriptor).document
    }

    /// A small JSON blob with its bytes, compared with its digest.
    func documentBytes(_ descriptor: Descriptor) throws(BuildFailure) -> (bytes: [UInt8], document: JSONValue) {
        guard descriptor.size <= Self.documentLimit else {
            throw Self.invalid(directory, "\(descriptor.digest) has \(descriptor.size) bytes, too many for a document")
        }
        let bytes = try Files.bytes(of: try content(of: descriptor))
        guard Digest(of: bytes) == descriptor.digest else {
            throw corrupted(descriptor, "its bytes have another digest")
        }
        return (bytes, try JSONDocument.parse(bytes))
    }

    /// A blob's file, compared with its size.
    func content(of descriptor: Descriptor) throws(BuildFailure) -> FileContent {
        let path = blobPath(descriptor.digest)
        guard Files.exists(path) else { throw corrupted(descriptor, "it is missing") }
        let content = try FileContent(path: path)
        guard content.size == descriptor.size else {
            throw corrupted(descriptor, "it has \(content.size) bytes instead of \(descriptor.size)")
        }
        return content
    }

    private func corrupted(_ descriptor: Descriptor, _ reason: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .corrupted,
            operation: "layout.read",
            message:
                "The blob \(descriptor.digest) of the OCI layout '\(directory)' is damaged: \(reason). Make it again."
        )
    }
}
