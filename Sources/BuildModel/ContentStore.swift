/// A manifest or index as it is stored: its bytes are what its digest is of.
package struct ManifestContent: Sendable, Hashable {
    package var descriptor: Descriptor
    package var bytes: [UInt8]
    package var document: JSONValue

    package init(descriptor: Descriptor, bytes: [UInt8], document: JSONValue) {
        self.descriptor = descriptor
        self.bytes = bytes
        self.document = document
    }
}

/// Where images are copied from: a repository of a registry, or an OCI layout.
package protocol ContentSource: Sendable {
    /// A manifest or index by tag or digest, its digest checked.
    ///
    /// - Throws: `BuildFailure`: `not_found` if there is none, with what the source says of it and what to do; `corrupted` if the bytes
    ///   are not the ones that were asked for.
    func manifest(named reference: String) async throws -> ManifestContent

    /// A blob by its descriptor; its bytes stay where they are until somebody reads them.
    func blob(_ descriptor: Descriptor) throws -> ImageBlob

    /// The manifests that refer to one.
    func referrers(of digest: Digest) async throws -> [Descriptor]

    /// The tags that begin with `sha256-`: signatures and the like are found by them, and lists of referrers where nothing else keeps
    /// those. Nil where asking for each is as good.
    func digestTags() async throws -> Set<String>?

    /// The manifests that refer to one of many.
    ///
    /// - Parameter tags: what `digestTags` has just given, so that nothing is asked for that is not there.
    func referrers(of digest: Digest, among tags: Set<String>?) async throws -> [Descriptor]
}

extension ContentSource {
    package func digestTags() async throws -> Set<String>? { nil }

    package func referrers(of digest: Digest, among tags: Set<String>?) async throws -> [Descriptor] {
        try await referrers(of: digest)
    }
}

/// Where images are copied to.
package protocol ContentDestination: Sendable {
    /// Whether a manifest is there with everything that it names.
    func holds(_ manifest: Descriptor) async throws -> Bool

    /// Whether a tag is on a manifest.
    func isTagged(_ manifest: Descriptor, as tag: String) async throws -> Bool

    /// Takes a blob.
    ///
    /// - Parameter again: whether it was taken before and got lost.
    /// - Returns: whether its bytes had to be moved.
    /// - Throws: `BuildFailure`, `corrupted` if the bytes are not what the descriptor says.
    func take(_ blob: ImageBlob, again: Bool) async throws -> Bool

    /// Takes a manifest whose blobs and children are there, under its digest alone.
    ///
    /// - Throws: `BuildFailure`, `blobs_lost` if blobs that were taken are not there any more.
    func take(_ manifest: ManifestContent) async throws

    /// Puts a tag onto a manifest that is there.
    func tag(_ manifest: ManifestContent, as tag: String) async throws
}

extension BuildFailure.Code {
    /// What took blobs does not find them any more.
    package static let blobsLost = Self(rawValue: "blobs_lost")
}
