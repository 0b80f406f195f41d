package import BuildModel
internal import Platform

extension OCILayout {
    /// Writes an image into a layout, which is made if it is not there.
    ///
    /// Blobs come first, each under its name only when it is whole, the index last and in one step: whenever this is
    /// interrupted, the layout holds what it held before. Several may write at once, also processes.
    ///
    /// - Parameters:
    ///   - tag: the entry's name, which is taken from an image that had it; nil replaces the image without a
    ///     name. Others are kept, and what is attached to them: signatures, SBOMs.
    ///   - fetch: gets a blob that is in a registry.
    /// - Throws: `BuildFailure`: `invalid_layout` if the directory holds other things, `corrupted` if a blob is not
    ///   what its descriptor says, `system`, `cancelled`; what `fetch` throws.
    package static func write(
        _ image: Image,
        to directory: String,
        tag: String?,
        fetch: (ImageBlob) async throws -> any BlobContent
    ) async throws {
        let pool = BlockingPool(label: "layout", width: 1)
        let cancellation = CancelFlag()
        try await cancellation.whileRunning {
            let layout = try await OCILayout.made(at: directory, on: pool)
            for blob in blobs(of: image) {
                guard try await pool.run({ try !layout.holds(blob.descriptor) }) else { continue }
                let content = try await content(of: blob, fetch: fetch)
                try await pool.run { try layout.store(content, as: blob.descriptor, cancellation: cancellation) }
            }
            try await layout.changing(on: pool) { try layout.publish(image.manifestDescriptor, tag: tag) }
        }
    }

    private static func blobs(of image: Image) -> [ImageBlob] {
        let documents = [(image.configDescriptor, image.config), (image.manifestDescriptor, image.manifest)]
        return image.layers + documents.map { ImageBlob(descriptor: $0, source: .local(InMemoryContent($1))) }
    }

    private static func content(
        of blob: ImageBlob,
        fetch: (ImageBlob) async throws -> any BlobContent
    ) async throws -> any BlobContent {
        switch blob.source {
        case .local(let content): return content
        case .deferred(let make): return try await make()
        case .registry: return try await fetch(blob)
        }
    }

    /// Puts the entry into the index, in place of the one with the same name; to be called while nobody else changes it.
    func publish(_ manifest: Descriptor, tag: String?) throws {
        var entry = manifest
        if let tag { entry.annotations[Self.nameAnnotation] = tag }
        let others = try entries().filter { name(of: $0) != tag || tag == nil && isAttachment($0) }
        try replaceEntries(others + [entry.json])
    }

    private func name(of entry: JSONValue) -> String? { entry["annotations"]?[Self.nameAnnotation]?.string }

    /// Whether an entry is there for another manifest's sake, which it names: OCI image spec, "subject".
    private func isAttachment(_ entry: JSONValue) -> Bool {
        if entry["artifactType"]?.string != nil { return true }
        guard let descriptor = try? Descriptor(json: entry) else { return false }
        return (try? documentBytes(descriptor).document["subject"]) != nil
    }

    /// Writes the index anew, in one step.
    func replaceEntries(_ entries: [JSONValue]) throws(BuildFailure) {
        try Files.writeAtomically(Self.index(of: entries), to: directory + "/index.json")
    }

    static func index(of entries: [JSONValue]) -> [UInt8] {
        let index: JSONValue = [
            "schemaVersion": 2,
            "mediaType": .string(MediaType.ociIndex),
            "manifests": .array(entries),
        ]
        return index.canonicalBytes
    }
}
