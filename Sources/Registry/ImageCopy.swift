package import BuildModel

/// Copies an image with everything that belongs to it: the images of an index, and what refers to them, such as signatures, SBOMs and
/// provenance. Bytes and digests stay as they are; a tag moves last.
package struct ImageCopy: Sendable {
    /// What a copy came to.
    package struct Counts: Sendable, Hashable {
        package var manifests = 0
        package var blobs = 0
        /// Bytes of blobs that were moved, and of those that were there already.
        package var movedBytes: Int64 = 0
        package var reusedBytes: Int64 = 0

        static func + (left: Counts, right: Counts) -> Counts {
            Counts(
                manifests: left.manifests + right.manifests,
                blobs: left.blobs + right.blobs,
                movedBytes: left.movedBytes + right.movedBytes,
                reusedBytes: left.reusedBytes + right.reusedBytes
            )
        }
    }

    let source: any ContentSource
    private let destination: any ContentDestination
    let log: any BuildLog
    /// Blobs on their way at once.
    private static let width = 4
    /// Indexes in indexes, and referrers of referrers.
    static let depth = 8

    package init(from source: any ContentSource, to destination: any ContentDestination, log: any BuildLog) {
        self.source = source
        self.destination = destination
        self.log = log
    }

    /// Copies what is under a tag or digest. All bytes come first, so that nothing is published of what the source has damaged.
    ///
    /// - Parameters:
    ///   - reference: a tag or digest of the source.
    ///   - tag: the destination's tag, or nil for none.
    ///   - withReferrers: whether what refers to the image comes too.
    /// - Throws: `BuildFailure`: `not_found` if the source has no such image; those of both sides.
    package func copy(
        _ reference: String,
        as tag: String?,
        withReferrers: Bool = true
    ) async throws -> (root: ManifestContent, counts: Counts) {
        let root = try await source.manifest(named: reference)
        // What is there under its tag is there whole: that one look is all that it takes.
        let isTagged = if let tag { try await destination.isTagged(root.descriptor, as: tag) } else { false }
        var way = Way(withReferrers: withReferrers)
        if withReferrers { try await lookAhead(of: root, &way) }
        try await bring(root, &way, depth: 0, isHeld: isTagged)
        var attached: [(manifest: ManifestContent, tag: String)] = []
        if withReferrers { attached = try await bringAttached(&way) }
        for step in way.steps {
            try await put(step.manifest)
            if step.isNew { way.counts.manifests += 1 }
        }
        for (manifest, tag) in attached { try await destination.tag(manifest, as: tag) }
        if let tag, !isTagged { try await destination.tag(root, as: tag) }
        return (root, way.counts)
    }

    /// Copies the blobs of a manifest, of those in it and of those that refer to them.
    func bring(
        _ manifest: ManifestContent,
        _ way: inout Way,
        depth: Int,
        isHeld: Bool = false
    ) async throws {
        guard way.seen.insert(manifest.descriptor.digest).inserted else { return }
        guard depth < Self.depth else { throw Self.tooDeep(manifest) }
        let children = try Self.descriptors(manifest, in: "manifests")
        way.images += children.map(\.digest)
        let isThere = if isHeld { true } else { try await destination.holds(manifest.descriptor) }
        if isThere {
            log.say("manifest \(manifest.descriptor.digest.short) is there already", .pushing)
            for child in children { try await bringReferrers(of: child.digest, &way, depth: depth) }
            // Whether it is on the list of its subject too is not known: a copy may have ended between the two.
            if manifest.document["subject"] != nil { way.steps.append((manifest, false)) }
        } else {
            for child in children { try await bring(try await content(of: child), &way, depth: depth + 1) }
            way.counts = way.counts + (try await copyBlobs(of: manifest))
            way.steps.append((manifest, true))
        }
        try await bringReferrers(of: manifest.descriptor.digest, &way, depth: depth)
    }

    private func content(of manifest: Descriptor) async throws -> ManifestContent {
        try await source.manifest(named: manifest.digest.description)
    }

    private func bringReferrers(of digest: Digest, _ way: inout Way, depth: Int) async throws {
        guard way.withReferrers else { return }
        for referrer in try await referrers(of: digest, way) where !way.seen.contains(referrer.digest) {
            try await bring(try await content(of: referrer), &way, depth: depth + 1)
        }
    }

    /// Puts a manifest. Where a clean-up of the destination took blobs since they were seen, they are sent once more.
    private func put(_ manifest: ManifestContent) async throws {
        do {
            try await destination.take(manifest)
        } catch let failure as BuildFailure where failure.code == .blobsLost {
            log.say("the destination lost blobs that it had a moment ago; copying them again", .pushing)
            _ = try await copyBlobs(of: manifest, again: true)
            try await destination.take(manifest)
        }
    }

    private func copyBlobs(of manifest: ManifestContent, again: Bool = false) async throws -> Counts {
        var seen: Set<Digest> = []
        let config = try manifest.document["config"].map { try Descriptor(json: $0) }
        let blobs = (try Self.descriptors(manifest, in: "layers") + [config].compactMap { $0 })
            .filter { seen.insert($0.digest).inserted }
        return try await withThrowingTaskGroup(of: Counts.self) { group in
            var counts = Counts()
            for (index, blob) in blobs.enumerated() {
                if index >= Self.width, let done = try await group.next() { counts = counts + done }
                group.addTask { try await copyBlob(blob, again: again) }
            }
            for try await done in group { counts = counts + done }
            return counts
        }
    }

    private func copyBlob(_ descriptor: Descriptor, again: Bool) async throws -> Counts {
        let isMoved = try await destination.take(try source.blob(descriptor), again: again)
        log.say(
            "blob \(descriptor.digest.short) (\(descriptor.size) bytes) \(isMoved ? "copied" : "is there already")",
            .pushing
        )
        return Counts(
            blobs: 1,
            movedBytes: isMoved ? descriptor.size : 0,
            reusedBytes: isMoved ? 0 : descriptor.size
        )
    }
}
