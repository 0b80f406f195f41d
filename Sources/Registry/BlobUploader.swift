internal import BuildModel
internal import HTTPTransport
internal import Platform

extension RegistrySession {
    /// Uploads a blob whose digest and size are known.
    ///
    /// - Parameter opened: an upload that is open already; whoever takes it over has the duty to close it.
    /// - Throws: `BuildFailure` when it did not help to try again.
    func upload(
        _ content: VerifyingContent,
        _ descriptor: Descriptor,
        to target: Repository,
        opened: HandedUpload
    ) async throws {
        try await bulkSlots.withSlot(target.base.authority) {
            var uploader = BlobUploader(self, content, descriptor, target)
            let opened = opened.take()
            uploader.location = opened?.location
            uploader.smallestChunk = opened?.smallestChunk ?? 0
            try await uploader.run()
        }
    }
}

/// What taught how large chunks have to be.
private enum ChunkLesson {
    /// A request was refused as too large.
    case refusal
    /// Connections broke, which may have been the network's fault: it holds for a day.
    case breaks
    /// What an upload went on with after a break was refused. Some limit ranges and not whole blobs: it holds for this upload alone.
    case resumption
}

/// One blob on its way into one repository: distribution spec, "Pushing blobs".
///
/// In one piece (POST, PUT) where that works, else in chunks (POST, PATCH..., PUT) or in one PATCH. A broken upload goes on where the registry says
/// that it stands. The commit cannot be repeated: when its answer is lost, the registry is asked first whether it has the blob.
struct BlobUploader {
    let session: RegistrySession
    let content: VerifyingContent
    let descriptor: Descriptor
    let target: Repository
    /// The upload's latest Location; nil for none that is open.
    var location: HTTPURL?
    /// Bytes that the registry has taken.
    var offset: Int64 = 0
    /// The most bytes of one request; nil for all at once.
    var chunkBytes: Int64?
    /// What the registry wants at least, but for the last chunk.
    var smallestChunk: Int64 = 0
    private var lesson: ChunkLesson?
    /// Whether the registry takes bytes by PATCH alone, and the last request only closes the upload.
    var wantsPatch: Bool
    /// The latest answer, nil if none came.
    var answer: (status: Int, errors: [RegistryError])?
    var isCommitting = false
    private var failures = 0
    private var breaks = 0
    private var bestOffset: Int64 = 0

    init(_ session: RegistrySession, _ content: VerifyingContent, _ descriptor: Descriptor, _ target: Repository) {
        self.session = session
        self.content = content
        self.descriptor = descriptor
        self.target = target
        let known = session.knowledge[target.base.authority]
        let isKnown = known.hasChunks(at: Self.now)
        let learned = isKnown ? known.chunkBytes.map { ChunkSize.learned($0, for: descriptor.size) } : nil
        let configured = session.settings.chunkBytes[target.registry]
        if configured == nil, isKnown, known.chunksUntil != nil { lesson = .breaks }
        chunkBytes = configured ?? learned
        wantsPatch = known.wantsPatch == true
    }

    /// Uploads the blob. However that fails, no upload is left open that could have been closed.
    mutating func run() async throws {
        do {
            try await persist()
        } catch {
            throw await abandoned(BuildFailure(error, operation: "registry.push"))
        }
        learn()
    }

    private mutating func persist() async throws {
        while true {
            do {
                return try await transmit()
            } catch let failure as BuildFailure {
                guard failure.fault != .cancelled else { throw failure }
                if try await recover(from: failure) { return }
            }
        }
    }

    /// Finds a way on after a failure.
    ///
    /// - Returns: true if the blob turns out to be there.
    /// - Throws: the failure, if there is no way on.
    private mutating func recover(from failure: BuildFailure) async throws -> Bool {
        if answer?.status == 413 || isChunkTooLarge {
            guard location != nil, shrinkChunks() else { throw failure }
            // What came before is there: only the next piece has to be smaller.
            try await resume()
            return false
        }
        if isPatchWanted {
            wantsPatch = true
            await abandon()
            return false
        }
        guard isPassing(failure) else { throw failure }
        failures = offset > bestOffset ? 1 : failures + 1
        bestOffset = max(bestOffset, offset)
        guard failures < Retry.attempts else {
            if isCommitting, try await isCommitted() { return true }
            throw await explained(failure)
        }
        try await RegistrySession.sleep(Retry.delay(after: failures, first: session.settings.firstDelay))
        if isCommitting, try await isCommitted() { return true }
        countBreak(failure)
        try await resume()
        return false
    }

    /// Whether another try may end differently. A session that the registry lost is worth a new one.
    private func isPassing(_ failure: BuildFailure) -> Bool {
        guard let answer else { return failure.isRetryable }
        let codes = Set(answer.errors.map(\.code))
        if !codes.isDisjoint(with: ["DIGEST_INVALID", "SIZE_INVALID", "NAME_INVALID", "NAME_UNKNOWN", "DENIED"]) {
            return false
        }
        if !codes.isDisjoint(with: ["BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN"]) { return true }
        return failure.isRetryable || (location != nil && [404, 416].contains(answer.status))
    }

    /// A proxy that cuts long requests does not say so: after two cuts a large blob goes in chunks.
    private mutating func countBreak(_ failure: BuildFailure) {
        // Opening the upload is a small request: what breaks that says nothing of long ones.
        guard answer == nil, location != nil, [.connectionLost, .deadlineExceeded].contains(failure.code) else {
            return
        }
        breaks += 1
        guard breaks >= 2, chunkBytes == nil, descriptor.size > 32 << 20 else { return }
        chunkBytes = ChunkSize.first(for: descriptor.size)
        lesson = .breaks
    }

    /// GHCR answers 416 to chunks over 4 MiB, others 400; the place they are for is right.
    private var isChunkTooLarge: Bool {
        guard let answer, [400, 416].contains(answer.status), !isCommitting else { return false }
        return answer.errors.contains { $0.saysTooLarge && $0.code != "DENIED" }
    }

    /// Artifactory once took no bytes with the request that closes an upload.
    private var isPatchWanted: Bool {
        guard let answer, isCommitting, !wantsPatch, offset == 0, descriptor.size > 0 else { return false }
        return answer.status == 405 || answer.errors.contains { $0.code == "UNSUPPORTED" }
    }

    /// Makes the next request smaller than the one that was refused; false where that cannot be.
    private mutating func shrinkChunks() -> Bool {
        let next = ChunkSize.smaller(
            than: min(chunkBytes ?? descriptor.size, descriptor.size - offset),
            isWhole: chunkBytes == nil,
            learned: session.knowledge[target.base.authority].chunkBytes
        )
        guard let next, next >= smallestChunk else { return false }
        // What is refused in words holds longer than what breaks let guess.
        if lesson != .resumption { lesson = chunkBytes == nil && offset > 0 ? .resumption : .refusal }
        chunkBytes = next
        return true
    }

    /// Keeps what the upload taught about the host.
    private func learn() {
        session.knowledge.learn(target.base.authority) { knowledge in
            learnChunks(&knowledge)
            if wantsPatch { knowledge.wantsPatch = true }
        }
    }

    private func learnChunks(_ knowledge: inout HostKnowledge) {
        guard let chunkBytes else { return }
        switch lesson {
        case .refusal: (knowledge.chunkBytes, knowledge.chunksUntil) = (chunkBytes, nil)
        case .breaks:
            let isKnown = knowledge.hasChunks(at: Self.now)
            // Somebody else may have been refused meanwhile, which counts more.
            if isKnown, knowledge.chunksUntil == nil { return }
            knowledge.chunkBytes = min(chunkBytes, isKnown ? knowledge.chunkBytes ?? .max : .max)
            knowledge.chunksUntil = isKnown ? knowledge.chunksUntil : Self.now + 86400
        case .resumption, nil: return
        }
    }

    /// Seconds since 1970.
    private static var now: Int64 { SystemInformation.currentMilliseconds / 1000 }
}
