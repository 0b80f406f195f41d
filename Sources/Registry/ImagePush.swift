internal import BuildModel
internal import HTTPTransport
internal import Platform

/// Pushes one image into one repository.
struct ImagePush: Sendable {
    let session: RegistrySession
    let image: Image
    let target: Repository
    let log: any BuildLog
    /// What went ahead.
    var ahead: BlobsAhead?

    /// Blobs on their way at once.
    static let width = 4

    struct Counts: Sendable {
        var uploaded: Int64 = 0
        var reused: Int64 = 0
        /// How each blob got there.
        var ways: [Digest: BlobWay] = [:]
    }

    /// Whether the tag is on this image already: the one request that a push of something unchanged makes.
    func isTagged(_ tag: String) async throws -> Bool {
        guard try await session.hasManifest(tag, image.manifestDescriptor, in: target) else { return false }
        log.say("\(target.description):\(tag) is this image already", .pushing)
        return true
    }

    /// What a push counts when nothing had to be sent.
    var unchanged: Counts { Counts(reused: blobs.reduce(0) { $0 + $1.descriptor.size }) }

    /// Makes the image available under its digest: blobs, config, then the manifest.
    ///
    /// Where the manifest is there already nothing is sent, for a registry only takes a manifest whose blobs it has.
    func pushByDigest() async throws -> Counts {
        let digest = image.manifestDescriptor.digest.description
        let isThere = try await session.hasManifest(digest, image.manifestDescriptor, in: target)
        guard !isThere else {
            log.say("\(target.description) has this image already", .pushing)
            return unchanged
        }
        // About as long as one round of tries takes.
        let recent = session.settings.firstDelay * 20
        var counts = try await ahead?.finish(recent: recent) ?? Counts()
        counts.add(try await push(blobs.filter { counts.ways[$0.descriptor.digest] == nil }, trustsHead: true))
        var repair = BlobRepair(blobs)
        while true {
            let lost = try await putManifest(as: digest, attempts: Retry.attempts)
            guard !lost.isEmpty else { return counts }
            guard let repaired = try await mend(lost, &repair) else { throw lostBlobs }
            counts.reused = max(0, counts.reused - repaired.uploaded)
            counts.uploaded += repaired.uploaded
        }
    }

    /// Uploads what the registry said that it has and lost since: its clean-up and our push met. Nil where nothing is left to try.
    private func mend(_ lost: [RegistryError], _ repair: inout BlobRepair) async throws -> Counts? {
        guard let again = repair.next(after: lost) else { return nil }
        log.say("the registry lost blobs that it had a moment ago; uploading \(again.count) again", .pushing)
        return try await push(again, trustsHead: false)
    }

    /// Moves the tag to the image.
    ///
    /// - Parameter confirm: called before every try: while a registry makes us wait, the right to move the tag may be lost. The try
    ///   itself needs the task's `SendPermit`.
    func moveTag(_ tag: String, confirm: @Sendable () async throws -> Void) async throws {
        var repair = BlobRepair(blobs)
        for attempt in 1... {
            try await confirm()
            do {
                let lost = try await putManifest(as: tag, attempts: 1, needsPermit: true)
                guard !lost.isEmpty else { return }
                _ = try await mend(lost, &repair)
                throw lostBlobs
            } catch let failure as BuildFailure {
                guard failure.fault != .cancelled else { throw failure }
                // The answer may be lost, or the tag may never move and be right.
                let isRight = try? await session.hasManifest(tag, image.manifestDescriptor, in: target)
                if isRight == true { return }
                guard failure.isRetryable, attempt < Retry.attempts else { throw failure }
            }
            try await RegistrySession.sleep(Retry.delay(after: attempt, first: session.settings.firstDelay))
        }
    }

    private func putManifest(
        as reference: String,
        attempts: Int,
        needsPermit: Bool = false
    ) async throws -> [RegistryError] {
        try await session.putManifest(
            image.manifest,
            image.manifestDescriptor,
            as: reference,
            in: target,
            attempts: attempts,
            needsPermit: needsPermit
        ).lost
    }

    /// Every blob once, layers first.
    private var blobs: [ImageBlob] {
        let config = ImageBlob(descriptor: image.configDescriptor, source: .local(InMemoryContent(image.config)))
        var seen: Set<Digest> = []
        return (image.layers + [config]).filter { seen.insert($0.descriptor.digest).inserted }
    }

    private func push(_ blobs: [ImageBlob], trustsHead: Bool) async throws -> Counts {
        try await withThrowingTaskGroup(of: Counts.self) { group in
            var counts = Counts()
            for (index, blob) in blobs.enumerated() {
                if index >= Self.width, let done = try await group.next() { counts.add(done) }
                group.addTask { try await session.push(blob, to: target, trustsHead: trustsHead, log: log) }
            }
            for try await done in group { counts.add(done) }
            return counts
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

extension RegistrySession {
    /// Makes sure that a repository has a blob, says how it came there, and counts its bytes.
    func push(
        _ blob: ImageBlob,
        to target: Repository,
        trustsHead: Bool,
        log: any BuildLog
    ) async throws -> ImagePush.Counts {
        tell(blob, try await push(blob, to: target, trustsHead: trustsHead), log)
    }

    /// Looks for a blob in a repository; says that it is there and counts its bytes, or gives nil.
    func find(_ blob: ImageBlob, in target: Repository, log: any BuildLog) async throws -> ImagePush.Counts? {
        try await isThere(blob, in: target) ? tell(blob, .alreadyThere, log) : nil
    }

    private func tell(_ blob: ImageBlob, _ outcome: BlobOutcome, _ log: any BuildLog) -> ImagePush.Counts {
        let (size, digest) = (blob.descriptor.size, blob.descriptor.digest)
        let name = "\(digest.short) (\(size) bytes)"
        switch outcome {
        case .alreadyThere:
            log.say("blob \(name) is there already", .pushing)
            return ImagePush.Counts(reused: size, ways: [digest: .alreadyThere])
        case .mounted:
            log.say("blob \(name) was taken over from another repository", .pushing)
            return ImagePush.Counts(reused: size, ways: [digest: .mounted])
        case .uploaded:
            log.say("blob \(name) was uploaded", .pushing)
            return ImagePush.Counts(uploaded: size, ways: [digest: .uploaded])
        }
    }
}

extension ImagePush.Counts {
    mutating func add(_ other: ImagePush.Counts) {
        uploaded += other.uploaded
        reused += other.reused
        ways.merge(other.ways) { _, new in new }
    }
}
