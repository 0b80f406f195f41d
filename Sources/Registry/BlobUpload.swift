internal import BuildModel
internal import HTTPTransport
internal import Platform

/// How a blob came to be where it is pushed to.
enum BlobOutcome: Sendable, Hashable {
    case alreadyThere
    case mounted
    case uploaded
}

extension RegistrySession {
    /// Makes sure that a repository has a blob: looks for it, mounts it from a repository of the same registry, or uploads it.
    ///
    /// Two pushes of the same blob into the same repository do not send it twice: the second finds it.
    ///
    /// - Parameter trustsHead: false when the registry claimed to have blobs that it then did not find.
    func push(_ blob: ImageBlob, to target: Repository, trustsHead: Bool) async throws -> BlobOutcome {
        try await exclusively.withSlot("\(target.base.text) \(target.name) \(blob.descriptor.digest)") {
            let outcome = try await place(blob, in: target, trustsHead: trustsHead)
            await saw(blob.descriptor, in: target)
            return outcome
        }
    }

    /// Whether a repository has a blob, which is remembered for those that could have it mounted.
    func isThere(_ blob: ImageBlob, in target: Repository) async throws -> Bool {
        try await exclusively.withSlot("\(target.base.text) \(target.name) \(blob.descriptor.digest)") {
            guard try await hasBlob(blob.descriptor, in: target) else { return false }
            await saw(blob.descriptor, in: target)
            return true
        }
    }

    private func place(_ blob: ImageBlob, in target: Repository, trustsHead: Bool) async throws -> BlobOutcome {
        if trustsHead, try await hasBlob(blob.descriptor, in: target) { return .alreadyThere }
        let opened = HandedUpload()
        if trustsHead {
            switch try await mount(blob, into: target) {
            case .mounted: return .mounted
            case .refused(let upload): opened.put(upload)
            }
        }
        do {
            try await withContent(of: blob) { content in
                let content = try VerifyingContent(content, descriptor: blob.descriptor)
                try await upload(content, blob.descriptor, to: target, opened: opened)
            }
        } catch {
            if let opened = opened.take() { await close(opened.location, in: target, blob.descriptor) }
            throw error
        }
        return .uploaded
    }

    /// Lends a blob's bytes, fetched if they are in a registry, or made while they are read.
    private func withContent(of blob: ImageBlob, _ use: DeferredContent.Use) async throws {
        switch blob.source {
        case .local(let content): try await use(content)
        case .deferred(let content): try await content.whileStreaming(use)
        case .registry(let reference):
            try await use(await self.blob(blob.descriptor, named: reference, spool: settings.spoolDirectory))
        }
    }

    func hasBlob(_ descriptor: Descriptor, in target: Repository) async throws -> Bool {
        let url = try target.url("blobs/\(descriptor.digest)")
        let request = RegistryRequest(
            .head,
            url,
            in: target,
            actions: "pull,push",
            purpose: "look for the blob \(descriptor.digest)"
        )
        // What a registry does not want to say, the upload will show.
        let (response, _) = try await send(request, expecting: [200, 404, 403, 405])
        return Self.confirms(response, descriptor)
    }

    /// Whether an answer to HEAD says that the registry has the blob, as far as it says anything: some say neither size nor digest.
    static func confirms(_ response: HTTPResponse, _ descriptor: Descriptor) -> Bool {
        guard response.status == 200 else { return false }
        let size = response.headers["Content-Length"].flatMap { Int64($0) }
        let digest = response.headers["Docker-Content-Digest"]
        return (size == nil || size == descriptor.size) && (digest == nil || digest == descriptor.digest.description)
    }
}
