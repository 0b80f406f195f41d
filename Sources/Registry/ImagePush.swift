internal import BuildModel
internal import HTTPTransport
internal import Platform

/// Pushes one image into one repository.
struct ImagePush: Sendable {
    let session: RegistrySession
    let image: Image
    let target: Repository
    let log: any BuildLog

    /// Blobs on their way at once.
    private static let width = 4

    struct Counts: Sendable {
        var uploaded: Int64 = 0
        var reused: Int64 = 0
    }

    /// Makes the image available under its digest: blobs, config, then the manifest.
    ///
    /// Where the manifest is there already nothing is sent, for a registry only takes a manifest whose blobs it has.
    func pushByDigest() async throws -> Counts {
        let digest = image.manifestDescriptor.digest.description
        let isThere = try await session.hasManifest(digest, image.manifestDescriptor, in: target)
        guard !isThere else {
            log.say("\(target.description) has this image already", .pushing)
            return Counts(reused: blobs.reduce(0) { $0 + $1.descriptor.size })
        }
        var counts = try await pushBlobs(trustsHead: true)
        if try await !putManifest(as: digest) {
            // The registry said that it has a blob and lost it since: its clean-up and our push met.
            log.say("the registry lost a blob that it had a moment ago; uploading all of them", .pushing)
            counts = try await pushBlobs(trustsHead: false)
            guard try await putManifest(as: digest) else { throw lostBlobs }
        }
        return counts
    }

    /// Moves the tag to the image, unless it is there.
    func moveTag(_ tag: String) async throws {
        if try await session.hasManifest(tag, image.manifestDescriptor, in: target) { return }
        guard try await putManifest(as: tag) else { throw lostBlobs }
    }

    private func putManifest(as reference: String) async throws -> Bool {
        try await session.putManifest(image.manifest, image.manifestDescriptor, as: reference, in: target).isEmpty
    }

    /// Every blob once, layers first.
    private var blobs: [ImageBlob] {
        let config = ImageBlob(descriptor: image.configDescriptor, source: .local(InMemoryContent(image.config)))
        var seen: Set<Digest> = []
        return (image.layers + [config]).filter { seen.insert($0.descriptor.digest).inserted }
    }

    private func pushBlobs(trustsHead: Bool) async throws -> Counts {
        try await withThrowingTaskGroup(of: Counts.self) { group in
            var counts = Counts()
            for (index, blob) in blobs.enumerated() {
                if index >= Self.width, let done = try await group.next() { counts.add(done) }
                group.addTask { try await push(blob, trustsHead: trustsHead) }
            }
            for try await done in group { counts.add(done) }
            return counts
        }
    }

    private func push(_ blob: ImageBlob, trustsHead: Bool) async throws -> Counts {
        let size = blob.descriptor.size
        let name = "\(blob.descriptor.digest.short) (\(size) bytes)"
        switch try await session.push(blob, to: target, trustsHead: trustsHead) {
        case .alreadyThere:
            log.say("blob \(name) is there already", .pushing)
            return Counts(reused: size)
        case .mounted:
            log.say("blob \(name) was taken over from another repository", .pushing)
            return Counts(reused: size)
        case .uploaded:
            log.say("blob \(name) was uploaded", .pushing)
            return Counts(uploaded: size)
        }
    }

    private var lostBlobs: BuildFailure {
        BuildFailure(
            .platform,
            .registryUnavailable,
            operation: "registry.push",
            message:
                "\(target.description) does not find blobs that it took a moment ago. Look at the registry's storage and clean-up.",
            isRetryable: true
        )
    }
}

extension ImagePush.Counts {
    mutating func add(_ other: ImagePush.Counts) {
        uploaded += other.uploaded
        reused += other.reused
    }
}
