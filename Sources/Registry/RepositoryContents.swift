package import BuildModel
internal import HTTPTransport

/// A repository of a registry as something to copy from and to.
package struct RepositoryContents: ContentSource, ContentDestination {
    let session: RegistrySession
    let repository: Repository

    package func manifest(named reference: String) async throws -> ManifestContent {
        let digest = try? Digest(parsing: reference)
        return try await session.manifest(reference, digest: digest, in: repository, attempts: Retry.attempts)
    }

    package func blob(_ descriptor: Descriptor) throws -> ImageBlob {
        ImageBlob(descriptor: descriptor, source: .registry(repository.reference(descriptor.digest)))
    }

    package func referrers(of digest: Digest) async throws -> [Descriptor] {
        try await session.referrers(of: digest, in: repository).map { try Descriptor(json: $0) }
    }

    package func digestTags() async throws -> Set<String>? { try await session.digestTags(in: repository) }

    package func referrers(of digest: Digest, among tags: Set<String>?) async throws -> [Descriptor] {
        let isLeftToTags = session.knowledge[repository.base.authority].referrers == false
        let entries =
            if let tags, isLeftToTags {
                try await session.taggedReferrers(of: digest, in: repository, among: tags)
            } else {
                try await session.referrers(of: digest, in: repository, among: tags)
            }
        return try entries.map { try Descriptor(json: $0) }
    }

    package func holds(_ manifest: Descriptor) async throws -> Bool {
        try await session.hasManifest(manifest.digest.description, manifest, in: repository)
    }

    package func isTagged(_ manifest: Descriptor, as tag: String) async throws -> Bool {
        try await session.hasManifest(tag, manifest, in: repository)
    }

    package func take(_ blob: ImageBlob, again: Bool) async throws -> Bool {
        try await session.push(blob, to: repository, trustsHead: !again) == .uploaded
    }

    package func take(_ manifest: ManifestContent) async throws {
        try await put(manifest, as: manifest.descriptor.digest.description)
    }

    package func tag(_ manifest: ManifestContent, as tag: String) async throws {
        if try await isTagged(manifest.descriptor, as: tag) { return }
        do {
            try await put(manifest, as: tag)
        } catch let failure as BuildFailure where failure.fault != .cancelled {
            // The answer may be lost, and a tag that never moves is right then, whatever the next try was told.
            guard (try? await isTagged(manifest.descriptor, as: tag)) == true else { throw failure }
        }
    }

    private func put(_ manifest: ManifestContent, as reference: String) async throws {
        let result = try await session.putManifest(manifest.bytes, manifest.descriptor, as: reference, in: repository)
        guard result.lost.isEmpty else {
            throw BuildFailure(
                .platform,
                .blobsLost,
                operation: "registry.push",
                message: "\(repository.description) does not find blobs that it took a moment ago. Copy again.",
                cause: result.lost.map(\.description).joined(separator: "; "),
                isRetryable: true
            )
        }
        guard let subject = manifest.document["subject"]?["digest"]?.string else { return }
        let host = repository.base.authority
        session.knowledge.learn(host) { $0.referrers = result.keepsReferrers }
        guard !result.keepsReferrers else { return }
        let entry = manifest.referrerEntry
        try await session.tagReferrer(entry, of: try Digest(parsing: subject), in: repository)
    }
}

extension ManifestContent {
    /// How a list of referrers names it: distribution spec, "Pushing Manifests with Subject".
    var referrerEntry: JSONValue {
        var entry = descriptor.json
        let type = document["artifactType"]?.string ?? document["config"]?["mediaType"]?.string
        entry["artifactType"] = type.map { .string($0) }
        if let annotations = document["annotations"] { entry["annotations"] = annotations }
        return entry
    }
}

extension RegistryClient {
    /// The repository that a reference names, past all mirrors, to copy from or to.
    ///
    /// - Throws: `BuildFailure` with code `invalid_configuration` if the host is none.
    package func contents(of reference: ImageReference) throws(BuildFailure) -> RepositoryContents {
        RepositoryContents(session: session, repository: try session.settings.repository(of: reference))
    }

    /// Attaches a manifest with a `subject` to what it refers to; its blobs and the manifest are pushed, by digest.
    ///
    /// - Throws: `BuildFailure`, as `push`.
    package func attach(_ manifest: ManifestContent, blobs: [ImageBlob], in reference: ImageReference) async throws {
        let contents = try contents(of: reference)
        for blob in blobs { _ = try await contents.take(blob, again: false) }
        do {
            try await contents.take(manifest)
        } catch let failure as BuildFailure where failure.code == .blobsLost {
            // The registry's clean-up took what no manifest named yet.
            for blob in blobs { _ = try await contents.take(blob, again: true) }
            try await contents.take(manifest)
        }
    }

    /// What refers to an image, from the registry's own list or the tag that stands in for it.
    package func referrers(of digest: Digest, in reference: ImageReference) async throws -> [Descriptor] {
        try await contents(of: reference).referrers(of: digest)
    }
}
