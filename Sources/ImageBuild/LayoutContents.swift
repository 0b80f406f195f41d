package import BuildModel
internal import Documents
internal import Platform

/// An OCI layout as something to copy images from and to. Several may write at once, also processes.
package struct LayoutContents: ContentSource, ContentDestination {
    /// Gets a blob that is not on this node, its digest checked; a `SpoolFile` is one of the directory that is given.
    package typealias Fetch = @Sendable (ImageBlob, _ directory: String) async throws -> any BlobContent

    private let layout: OCILayout
    private let fetch: Fetch
    private let pool: BlockingPool

    /// Opens an existing layout to copy from.
    ///
    /// - Throws: `BuildFailure`: `not_found`, `invalid_layout`.
    package init(opening directory: String) throws {
        layout = try OCILayout(opening: directory)
        pool = Self.pool()
        fetch = { _, _ in throw BuildFailure.cancelled(operation: "layout.read") }
    }

    /// Opens a layout to copy to, which is made if it is not there.
    ///
    /// - Throws: `BuildFailure` with code `invalid_layout` if the directory holds other things.
    package init(makingAt directory: String, fetch: @escaping Fetch) async throws {
        pool = Self.pool()
        layout = try await OCILayout.made(at: directory, on: pool)
        self.fetch = fetch
    }

    private static func pool() -> BlockingPool { BlockingPool(label: "slipway.layout", width: 2) }

    package func manifest(named reference: String) async throws -> ManifestContent {
        let layout = layout
        return try await pool.run {
            guard let descriptor = try layout.descriptor(named: reference) else {
                throw BuildFailure(
                    .platform,
                    .notFound,
                    operation: "layout.read",
                    message: "The layout '\(layout.directory)' has no image '\(reference)'. "
                        + "Check its name: index.json lists those that are there."
                )
            }
            let (bytes, document) = try layout.documentBytes(descriptor)
            return ManifestContent(descriptor: descriptor, bytes: bytes, document: document)
        }
    }

    package func blob(_ descriptor: Descriptor) throws -> ImageBlob {
        ImageBlob(descriptor: descriptor, source: .local(try layout.content(of: descriptor)))
    }

    package func referrers(of digest: Digest) async throws -> [Descriptor] {
        let layout = layout
        return try await pool.run {
            try layout.entries().map { try Descriptor(json: $0) }.filter { entry in
                try layout.documentBytes(entry).document["subject"]?["digest"]?.string == digest.description
            }
        }
    }

    package func holds(_ manifest: Descriptor) async throws -> Bool {
        let layout = layout
        return try await pool.run {
            guard Files.exists(layout.blobPath(manifest.digest)) else { return false }
            return try layout.isWhole(manifest)
        }
    }

    package func isTagged(_ manifest: Descriptor, as tag: String) async throws -> Bool {
        let layout = layout
        let tagged = try await pool.run { try layout.descriptor(named: tag) }
        guard tagged?.digest == manifest.digest else { return false }
        return try await holds(manifest)
    }

    package func take(_ blob: ImageBlob, again: Bool) async throws -> Bool {
        let (layout, cancellation) = (layout, CancelFlag())
        return try await cancellation.whileRunning {
            if try await pool.run({ try layout.holds(blob.descriptor) }) { return false }
            let content: any BlobContent =
                if case .local(let local) = blob.source { local } else { try await fetch(blob, layout.directory) }
            try await pool.run {
                // What was fetched is checked already and lies on the right disk: a name is all that it lacks.
                if let spool = content as? SpoolFile, try spool.commit(as: layout.blobPath(blob.descriptor.digest)) {
                    return
                }
                try layout.store(content, as: blob.descriptor, cancellation: cancellation)
            }
            return true
        }
    }

    package func take(_ manifest: ManifestContent) async throws {
        let layout = layout
        try await pool.run {
            let content = InMemoryContent(manifest.bytes)
            try layout.store(content, as: manifest.descriptor, cancellation: CancelFlag())
        }
        // A referrer is found by its entry; a part of an index by the index.
        guard manifest.document["subject"] != nil else { return }
        try await layout.changing(on: pool) { try layout.enter(manifest.descriptor) }
    }

    package func tag(_ manifest: ManifestContent, as tag: String) async throws {
        let layout = layout
        try await layout.changing(on: pool) { try layout.publish(manifest.descriptor, tag: tag) }
    }
}

extension OCILayout {
    /// The descriptor of what a tag or digest means.
    fileprivate func descriptor(named reference: String) throws -> Descriptor? {
        if let digest = try? Digest(parsing: reference) {
            let path = blobPath(digest)
            guard Files.exists(path) else { return nil }
            let bytes = try Files.read(path, limit: Self.documentLimit)
            let mediaType = try JSONDocument.parse(bytes)["mediaType"]?.string ?? MediaType.ociManifest
            return Descriptor(mediaType: mediaType, digest: digest, size: Int64(bytes.count))
        }
        let entry = try entries().last { $0["annotations"]?[Self.nameAnnotation]?.string == reference }
        guard let entry else { return nil }
        var descriptor = try Descriptor(json: entry)
        descriptor.annotations[Self.nameAnnotation] = nil
        return descriptor
    }

    /// Whether everything that a manifest names is there.
    fileprivate func isWhole(_ manifest: Descriptor) throws -> Bool {
        let document = try documentBytes(manifest).document
        for child in document["manifests"]?.array ?? [] {
            let descriptor = try Descriptor(json: child)
            guard Files.exists(blobPath(descriptor.digest)), try isWhole(descriptor) else { return false }
        }
        for blob in [document["config"]].compactMap({ $0 }) + (document["layers"]?.array ?? []) {
            guard try holds(try Descriptor(json: blob)) else { return false }
        }
        return true
    }

    /// Puts an entry without a name into the index, unless it is there.
    fileprivate func enter(_ manifest: Descriptor) throws {
        let entries = try entries()
        guard !entries.contains(where: { $0["digest"]?.string == manifest.digest.description }) else { return }
        try replaceEntries(entries + [manifest.json])
    }
}
