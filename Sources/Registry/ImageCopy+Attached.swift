internal import BuildModel

extension ImageCopy {
    /// Tags of signatures, attestations and SBOMs from before there were referrers.
    private static let suffixes = [".sig", ".att", ".sbom"]

    /// How far a copy is.
    struct Way {
        var withReferrers: Bool
        var counts = Counts()
        /// Manifests that were looked at: several may name the same, and lists of referrers may name anything.
        var seen: Set<Digest> = []
        /// What is to be put, each after what it refers to, and whether the destination lacks it.
        var steps: [(manifest: ManifestContent, isNew: Bool)] = []
        /// The image, and the images of an index, which signatures and the like may be attached to.
        var images: [Digest] = []
        /// The source's tags of what is attached; nil where they are not known.
        var tags: Set<String>?
        /// Lists of referrers that were read already.
        var listed: [Digest: [Descriptor]] = [:]

        init(withReferrers: Bool) { self.withReferrers = withReferrers }
    }

    /// Has the source looked at once for all images of an index: each would take three requests more otherwise.
    func lookAhead(of root: ManifestContent, _ way: inout Way) async throws {
        let digest = root.descriptor.digest
        way.images = [digest]
        guard root.document["manifests"]?.array?.isEmpty == false else { return }
        // The answer also says whether the registry keeps lists at all.
        way.listed[digest] = try await source.referrers(of: digest)
        way.tags = try await source.digestTags()
    }

    func referrers(of digest: Digest, _ way: Way) async throws -> [Descriptor] {
        if let listed = way.listed[digest] { return listed }
        return try await source.referrers(of: digest, among: way.tags)
    }

    /// Copies what is attached to images by tags; what is under them, and the tags.
    func bringAttached(_ way: inout Way) async throws -> [(manifest: ManifestContent, tag: String)] {
        way.withReferrers = false
        var attached: [(ManifestContent, String)] = []
        var unseen: [String] = []
        var done: Set<Digest> = []
        for digest in way.images where done.insert(digest).inserted {
            for suffix in Self.suffixes {
                let tag = "sha256-\(digest.hex)\(suffix)"
                // Some registries do not list what is attached: of the image itself it is worth three requests.
                let mayBeThere = way.tags?.contains(tag) != false || digest == way.images.first
                guard mayBeThere, let manifest = try await manifestIfThere(tag, &unseen) else { continue }
                try await bring(manifest, &way, depth: 1)
                attached.append((manifest, tag))
            }
        }
        if let tag = unseen.first {
            log.say(
                "the source does not say whether it has \(unseen.count) tags such as \(tag) (403); what it has there is not copied",
                .pushing
            )
        }
        return attached
    }

    /// Some registries do not want to say that a tag is absent: who may read the image may read what is attached to it.
    private func manifestIfThere(_ tag: String, _ unseen: inout [String]) async throws -> ManifestContent? {
        do {
            return try await source.manifest(named: tag)
        } catch let failure as BuildFailure where failure.code == .notFound {
            return nil
        } catch let failure as BuildFailure where failure.code == .registryDenied {
            unseen.append(tag)
            return nil
        }
    }
}
