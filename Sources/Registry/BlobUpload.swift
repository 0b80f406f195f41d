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
    /// - Parameter trustsHead: false when the registry claimed to have blobs that it then did not find.
    func push(_ blob: ImageBlob, to target: Repository, trustsHead: Bool) async throws -> BlobOutcome {
        if trustsHead, try await hasBlob(blob.descriptor, in: target) { return .alreadyThere }
        if trustsHead, let source = try mountSource(of: blob, for: target),
            try await mount(blob.descriptor, from: source, into: target)
        {
            return .mounted
        }
        let content = try await content(of: blob)
        try await upload(VerifyingContent(content, descriptor: blob.descriptor), blob.descriptor, to: target)
        return .uploaded
    }

    /// A blob's bytes, fetched if they are in a registry.
    private func content(of blob: ImageBlob) async throws -> any BlobContent {
        switch blob.source {
        case .local(let content): return content
        case .deferred(let make): return try await make()
        case .registry(let reference):
            let repository = try settings.repository(of: reference)
            return try await self.blob(blob.descriptor, in: repository, spool: settings.spoolDirectory)
        }
    }

    private func hasBlob(_ descriptor: Descriptor, in target: Repository) async throws -> Bool {
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
        guard response.status == 200 else { return false }
        let size = response.headers["Content-Length"].flatMap { Int64($0) }
        return size == nil || size == descriptor.size
    }

    private func mountSource(of blob: ImageBlob, for target: Repository) throws(BuildFailure) -> Repository? {
        guard case .registry(let reference) = blob.source else { return nil }
        let source = try settings.repository(of: reference)
        return source.base == target.base && source.name != target.name ? source : nil
    }

    /// Asks for a blob to be taken over from another repository: distribution spec, "Mounting a blob from another repository".
    ///
    /// A mount only saves work: whatever goes wrong with it, the upload follows.
    private func mount(_ descriptor: Descriptor, from source: Repository, into target: Repository) async throws -> Bool
    {
        let digest = PercentEncoding.encode(descriptor.digest.description)
        let url = try target.url("blobs/uploads/?mount=\(digest)&from=\(PercentEncoding.encode(source.name))")
        var request = RegistryRequest(
            .post,
            url,
            in: target,
            actions: "pull,push",
            purpose: "mount the blob \(descriptor.digest)"
        )
        request.scopes.append(source.scope("pull"))
        do {
            let (response, _) = try await send(request, attempts: 1)
            if response.status == 202 { await cancelUpload(response, in: target) }
            return response.status == 201
        } catch let failure as BuildFailure where failure.fault != .cancelled {
            return false
        }
    }

    /// A registry that does not mount opens an upload instead. It is closed again: a fresh one follows when the bytes are at hand.
    private func cancelUpload(_ response: HTTPResponse, in target: Repository) async {
        guard let base = try? HTTPURL(parsing: response.url),
            let location = try? UploadLocation.resolve(response.headers["Location"], against: base)
        else { return }
        let request = RegistryRequest(.delete, location, in: target, actions: "pull,push", purpose: "close an upload")
        // Not every registry allows it, and none needs it: sessions expire.
        _ = try? await send(request, attempts: 1)
    }
}
