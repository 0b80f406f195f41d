internal import BuildModel
internal import HTTPTransport
internal import Platform

extension BlobUploader {
    /// Opens an upload if none is, and sends what is left.
    mutating func transmit() async throws {
        isCommitting = false
        if location == nil { try await open() }
        let content = content
        let start = offset
        try await session.readers.run { try content.prepare(at: start) }
        let most = max(chunkBytes ?? .max, smallestChunk)
        if offset == 0, descriptor.size <= chunkBytes ?? .max, !wantsPatch || descriptor.size == 0 {
            return try await commit(sendingAll: true)
        }
        while offset < descriptor.size {
            try await patch(min(most, descriptor.size - offset))
        }
        try await commit(sendingAll: false)
    }

    private mutating func open() async throws {
        offset = 0
        let request = self.request(.post, try target.url("blobs/uploads/"), "begin the upload of")
        let (response, body) = try await send(request)
        guard [200, 201, 202, 204].contains(response.status) else {
            throw session.failure(request, response, body)
        }
        let opened = try OpenUpload(response, to: request, session)
        (location, smallestChunk) = (opened.location, opened.smallestChunk)
    }

    /// Sends the next piece. What the registry says in `Range` may be stale: after a success our own count is right.
    private mutating func patch(_ count: Int64) async throws {
        guard let location else { return }
        var request = self.request(.patch, location, "upload a part of")
        request.headers["Content-Type"] = "application/octet-stream"
        // Of all in one go there is no range: some count it against a limit for chunks.
        if count < descriptor.size { request.headers["Content-Range"] = "\(offset)-\(offset + count - 1)" }
        request.body = .content(ContentSlice(content: content, start: offset, size: count))
        let (response, body) = try await send(bulk(request, count))
        guard response.isSuccess else { throw session.failure(request, response, body) }
        if response.headers["Location"] != nil { try follow(response, request) }
        offset += count
    }

    /// Ends the upload with the whole digest; the body is the whole blob or nothing.
    private mutating func commit(sendingAll: Bool) async throws {
        guard let location else { return }
        isCommitting = true
        let closing = try UploadLocation.closing(location, digest: descriptor.digest)
        var request = self.request(.put, closing, "upload")
        request.headers["Content-Type"] = "application/octet-stream"
        // Never a Content-Range here: a whole upload is no range to some registries.
        request.body = sendingAll ? .content(content) : .bytes([])
        request = bulk(request, sendingAll ? descriptor.size : 0)
        let (response, body) = try await send(request)
        guard response.isSuccess else { throw session.failure(request, response, body) }
        if let stored = response.headers["Docker-Content-Digest"], stored != descriptor.digest.description {
            throw request.wrongDigest(stored, descriptor.digest, response)
        }
    }

    /// Asks where the upload stands and goes on there; where that cannot be known, it is closed and a new one is begun.
    mutating func resume() async throws {
        guard let current = location, descriptor.size > 1 << 20 else { return await abandon() }
        do {
            let request = self.request(.get, current, "ask for the state of the upload of")
            let (response, _) = try await send(request)
            // One that is not there needs no farewell.
            if response.status == 404 { location = nil }
            guard response.isSuccess, let end = ByteRange.end(response.headers["Range"]) else { return await abandon() }
            // `0-0` is what an empty upload says too.
            let stored = end == 0 && offset == 0 ? 0 : end + 1
            guard stored >= offset, stored <= descriptor.size else { return await abandon() }
            if response.headers["Location"] != nil { try follow(response, request) }
            offset = stored
        } catch let failure as BuildFailure where failure.isRetryable {
            await abandon()
        }
    }

    /// How often a registry that cannot answer is asked whether it has a blob: otherwise all of it would be sent again.
    private static let looks = 3

    /// Whether the registry has the blob, after a commit whose answer was lost.
    func isCommitted() async throws -> Bool {
        let url = try target.url("blobs/\(descriptor.digest)")
        do {
            let (response, _) = try await session.send(request(.head, url, "look for"), attempts: Self.looks)
            return RegistrySession.confirms(response, descriptor)
        } catch let failure as BuildFailure where failure.isRetryable {
            // Not known; the upload is begun again, which does no harm if the blob is there.
            return false
        }
    }

    /// Returns why nobody will go on with the upload, which is closed. A commit that nobody has answered may be done all the same: then
    /// there is no upload any more, and the registry is asked for that first.
    mutating func abandoned(_ failure: BuildFailure) async -> BuildFailure {
        if isCommitting, answer == nil, location != nil, let existence {
            let session = session
            let descriptor = descriptor
            let isThere = try? await session.inTheEnd {
                RegistrySession.confirms(try await session.send(existence, attempts: 1).0, descriptor)
            }
            if isThere == true { location = nil }
        }
        await abandon()
        return failure
    }

    /// Closes the upload; the next one begins anew.
    mutating func abandon() async {
        if let location { await session.close(location, in: target, descriptor) }
        (location, offset, isCommitting) = (nil, 0, false)
    }

    /// The question for the blob, short enough for an end that a person waits for.
    private var existence: RegistryRequest? {
        guard let url = try? target.url("blobs/\(descriptor.digest)") else { return nil }
        var request = request(.head, url, "look for")
        request.limits = RegistrySession.farewell
        return request
    }

    /// ECR cuts the connection in the middle of a body for a repository that does not exist, and says nothing: so it is asked.
    func explained(_ failure: BuildFailure) async -> BuildFailure {
        guard answer == nil, failure.code == .connectionLost, let url = try? target.url("tags/list?n=1") else {
            return failure
        }
        let request = RegistryRequest(.get, url, in: target, actions: "pull", purpose: "look for the repository")
        guard let (response, body) = try? await session.send(request, attempts: 1), response.status == 404,
            RegistryError.read(body).contains(where: { $0.code == "NAME_UNKNOWN" })
        else { return failure }
        var explained = failure
        explained.code = .notFound
        explained.message += " " + RegistryRequest.missingRepository
        explained.isRetryable = false
        return explained
    }

    private mutating func follow(_ response: HTTPResponse, _ request: RegistryRequest) throws(BuildFailure) {
        location = try session.location(in: response, of: request)
    }

    private func request(_ method: HTTPRequest.Method, _ url: HTTPURL, _ what: String) -> RegistryRequest {
        RegistryRequest(method, url, in: target, actions: "pull,push", purpose: "\(what) the blob \(descriptor.digest)")
    }

    private func bulk(_ request: RegistryRequest, _ count: Int64) -> RegistryRequest {
        var request = request
        request.isRepeatable = false
        request.limits.total = nil
        // After the last byte a registry may take long to hash and move a large blob.
        request.limits.stall = min(request.limits.stall, session.settings.patience)
        request.limits.reply = session.settings.patience + .seconds(descriptor.size / (20 << 20))
        // Asked once for a host: a refusal that comes before the body saves it.
        let isAsked = count > 1 << 20 && session.knowledge[target.base.authority].answersExpect == nil
        if isAsked { request.headers["Expect"] = "100-continue" }
        return request
    }

    private mutating func send(_ request: RegistryRequest) async throws -> (HTTPResponse, [UInt8]) {
        answer = nil
        let (response, body) = try await session.send(request, attempts: 1)
        answer = (response.status, RegistryError.read(body))
        if request.headers["Expect"] != nil, response.isSuccess {
            session.knowledge.learn(target.base.authority) { $0.answersExpect = response.wasContinued }
        }
        return (response, body)
    }
}
