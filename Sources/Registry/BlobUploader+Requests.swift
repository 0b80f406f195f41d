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
        if offset == 0, descriptor.size <= chunkBytes ?? .max { return try await commit(sendingAll: true) }
        while offset < descriptor.size {
            let most = max(chunkBytes ?? .max, smallestChunk)
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
        try follow(response)
        smallestChunk =
            response.headers["OCI-Chunk-Min-Length"].flatMap { Int64($0) }.map { min(max(0, $0), 1 << 30) } ?? 0
    }

    /// Sends the next piece. What the registry says in `Range` may be stale: after a success our own count is right.
    private mutating func patch(_ count: Int64) async throws {
        guard let location else { return }
        var request = self.request(.patch, location, "upload a part of")
        request.headers["Content-Type"] = "application/octet-stream"
        request.headers["Content-Range"] = "\(offset)-\(offset + count - 1)"
        request.body = .content(ContentSlice(content: content, start: offset, size: count))
        let (response, body) = try await send(bulk(request, count))
        guard response.isSuccess else { throw session.failure(request, response, body) }
        if response.headers["Location"] != nil { try follow(response) }
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
            throw request.wrongDigest(stored, descriptor.digest)
        }
    }

    /// Asks where the upload stands and goes on there; where that cannot be known, a new one is begun.
    mutating func resume() async throws {
        let known = offset
        guard let current = location, descriptor.size > 1 << 20 else { return forget() }
        forget()
        do {
            let request = self.request(.get, current, "ask for the state of the upload of")
            let (response, _) = try await send(request)
            guard response.isSuccess, let end = ByteRange.end(response.headers["Range"]) else { return }
            // `0-0` is what an empty upload says too.
            let stored = end == 0 && known == 0 ? 0 : end + 1
            guard stored >= known, stored <= descriptor.size else { return }
            if response.headers["Location"] != nil { try follow(response) } else { location = current }
            offset = stored
        } catch let failure as BuildFailure where failure.isRetryable {
            return
        }
    }

    private mutating func forget() {
        location = nil
        offset = 0
    }

    /// Whether the registry has the blob, after a commit whose answer was lost.
    mutating func isCommitted() async throws -> Bool {
        let url = try target.url("blobs/\(descriptor.digest)")
        do {
            return try await session.send(request(.head, url, "look for"), attempts: 1).0.status == 200
        } catch let failure as BuildFailure where failure.isRetryable {
            // Not known; the upload is begun again, which does no harm if the blob is there.
            return false
        }
    }

    /// Closes an upload that nobody will go on with, and returns why. Not every registry allows it, and none needs it.
    mutating func abandoned(_ failure: BuildFailure) async -> BuildFailure {
        guard let open = location, !isCommitting else { return failure }
        var request = self.request(.delete, open, "close the upload of")
        request.limits.total = .seconds(5)
        let (session, closing) = (session, request)
        _ = try? await withoutCancellation { try await session.send(closing, attempts: 1) }
        location = nil
        return failure
    }

    private mutating func follow(_ response: HTTPResponse) throws(BuildFailure) {
        location = try session.location(in: response, of: try HTTPURL(parsing: response.url), target)
    }

    private func request(_ method: HTTPRequest.Method, _ url: HTTPURL, _ what: String) -> RegistryRequest {
        RegistryRequest(method, url, in: target, actions: "pull,push", purpose: "\(what) the blob \(descriptor.digest)")
    }

    private func bulk(_ request: RegistryRequest, _ count: Int64) -> RegistryRequest {
        var request = request
        request.isRepeatable = false
        request.limits.total = nil
        // After the last byte a registry may take long to hash and move a large blob.
        request.limits.stall = session.settings.patience + .seconds(descriptor.size / (20 << 20))
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

/// The `Range` and `Content-Range` of uploads and downloads.
enum ByteRange {
    /// The last byte of `0-N`, also in the form `bytes=0-N`; nil if that is not what is written.
    static func end(_ text: String?) -> Int64? {
        guard let text else { return nil }
        let range = text.hasPrefix("bytes=") ? text.dropFirst(6) : text[...]
        let parts = range.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "0", let end = number(parts[1]) else { return nil }
        return end
    }

    /// First byte and whole size of `bytes A-B/SIZE`, the size nil for `*`: RFC 9110, section 14.4.
    static func content(_ text: String?) -> (start: Int64, size: Int64?)? {
        guard let text, text.lowercased().hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let start = number(ends[0]), let end = number(ends[1]), start <= end else { return nil }
        if parts[1] == "*" { return (start, nil) }
        guard let size = number(parts[1]), end < size else { return nil }
        return (start, size)
    }

    private static func number(_ text: Substring) -> Int64? {
        text.utf8.allSatisfy { (48...57).contains($0) } ? Int64(text).flatMap { $0 < .max ? $0 : nil } : nil
    }
}
