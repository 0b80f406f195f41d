internal import BuildModel
internal import HTTPTransport
internal import Platform

extension RegistrySession {
    /// Uploads a blob whose digest and size are known, in one piece: distribution spec, "Pushing a blob monolithically", POST then PUT.
    ///
    /// A broken try is begun anew with a session of its own. The commit is not repeatable: when its answer is lost, the registry is
    /// asked first whether it has the blob.
    func upload(_ content: VerifyingContent, _ descriptor: Descriptor, to target: Repository) async throws {
        var attempt = 1
        while true {
            do {
                return try await uploadOnce(content, descriptor, to: target)
            } catch let failure as BuildFailure {
                guard failure.isRetryable, attempt < Retry.attempts else { throw failure }
            }
            try await Self.sleep(Retry.delay(after: attempt))
            if try await isCommitted(descriptor, in: target) { return }
            attempt += 1
        }
    }

    private func uploadOnce(_ content: VerifyingContent, _ descriptor: Descriptor, to target: Repository) async throws {
        let location = try await openUpload(descriptor, in: target)
        var request = RegistryRequest(
            .put,
            try UploadLocation.closing(location, digest: descriptor.digest),
            in: target,
            actions: "pull,push",
            purpose: "upload the blob \(descriptor.digest)"
        )
        request.headers["Content-Type"] = "application/octet-stream"
        request.body = .content(content)
        request.isRepeatable = false
        request.limits.total = nil
        // After the last byte a registry may take long to hash and move a large blob.
        request.limits.stall = .seconds(120 + descriptor.size / (20 << 20))
        let (response, body) = try await send(request, attempts: 1)
        guard response.isSuccess else { throw closedSession(failure(request, response, body), response) }
        if let stored = response.headers["Docker-Content-Digest"], stored != descriptor.digest.description {
            throw request.wrongDigest(stored, descriptor.digest)
        }
    }

    /// A session that the registry no longer knows is worth a new one.
    private func closedSession(_ failure: BuildFailure, _ response: HTTPResponse) -> BuildFailure {
        var failure = failure
        if response.status == 404 || response.status == 416 { failure.isRetryable = true }
        return failure
    }

    private func openUpload(_ descriptor: Descriptor, in target: Repository) async throws -> HTTPURL {
        let url = try target.url("blobs/uploads/")
        let request = RegistryRequest(
            .post,
            url,
            in: target,
            actions: "pull,push",
            purpose: "begin the upload of the blob \(descriptor.digest)"
        )
        let (response, _) = try await send(request, attempts: 1, expecting: [200, 201, 202, 204])
        return try UploadLocation.resolve(response.headers["Location"], against: try HTTPURL(parsing: response.url))
    }

    private func isCommitted(_ descriptor: Descriptor, in target: Repository) async throws -> Bool {
        let url = try target.url("blobs/\(descriptor.digest)")
        let request = RegistryRequest(
            .head,
            url,
            in: target,
            actions: "pull,push",
            purpose: "look for the blob \(descriptor.digest)"
        )
        do {
            return try await send(request, attempts: 1).0.status == 200
        } catch let failure as BuildFailure where failure.isRetryable {
            // Not known; the upload is begun again, which does no harm if the blob is there.
            return false
        }
    }
}
