internal import BuildModel
internal import Glibc
internal import Platform
internal import Synchronization
internal import TestSupport

extension StrictRegistry {
    func openUpload(_ exchange: Exchange, _ repository: String) {
        guard exchange.method == "POST" else { return exchange.error(405, "UNSUPPORTED", "only POST") }
        guard exchange.contentLength != nil else {
            violation("POST without Content-Length")
            return exchange.error(411, "SIZE_INVALID", "length required")
        }
        if exchange.parameter("origin") != nil { violation("a mount across registries, which breaks some") }
        if let digest = exchange.parameter("mount").flatMap({ try? Digest(parsing: $0) }) {
            if mount(exchange, repository, digest) { return }
        } else if let digest = exchange.parameter("digest") {
            return takeWhole(exchange, repository, digest)
        }
        let (id, state) = contents.withLock { contents in
            let id = "upload-\(contents.next())"
            contents.uploads[id] = .init(repository: repository)
            return (id, 0)
        }
        var headers = ["Location": location(repository, id, state), "Range": "0-0"]
        if quirks.contains(.minimumChunk) { headers["OCI-Chunk-Min-Length"] = "\(Self.smallestChunk)" }
        exchange.answer(202, headers)
    }

    /// Distribution spec, "Single POST".
    private func takeWhole(_ exchange: Exchange, _ repository: String, _ text: String) {
        let bytes = exchange.request.readBody()
        guard bytes.count == exchange.contentLength else { return }
        guard let digest = try? Digest(parsing: text), Digest(of: bytes) == digest else {
            return exchange.error(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        }
        contents.withLock { $0.blobs[repository, default: [:]][digest] = bytes }
        exchange.answer(201, created(repository, digest))
    }

    /// True if the request is answered.
    private func mount(_ exchange: Exchange, _ repository: String, _ digest: Digest) -> Bool {
        guard let source = exchange.parameter("from") else {
            guard quirks.contains(.mountNeedsFrom) else { return false }
            exchange.error(400, "INVALID_REQUEST", "Missing `from` repository argument")
            return true
        }
        if quirks.contains(.mountError) {
            exchange.error(404, "NAME_UNKNOWN", "The repository does not exist")
            return true
        }
        if quirks.contains(.mountBadGateway) {
            exchange.error(502, "UNAVAILABLE", "bad gateway")
            return true
        }
        if quirks.contains(.mountUnauthorized) {
            exchange.error(401, "UNAUTHORIZED", "project not found")
            return true
        }
        let isMounted = contents.withLock { contents -> Bool in
            guard !quirks.contains(.mountRefused), let bytes = contents.blobs[source]?[digest] else { return false }
            let named = contents.manifests[source, default: [:]].values.contains {
                $0.document.canonicalText.contains(digest.description)
            }
            guard named || !quirks.contains(.mountReferencedOnly) else { return false }
            contents.blobs[repository, default: [:]][digest] = bytes
            return true
        }
        if isMounted { exchange.answer(201, created(repository, digest)) }
        return isMounted
    }

    func continueUpload(_ exchange: Exchange, _ repository: String, _ id: String) {
        guard let upload = contents.withLock({ $0.uploads[id] }), upload.repository == repository else {
            // ACR's own words for an upload that it forgot.
            let code = quirks.contains(.noResume) ? "BLOB_UPLOAD_INVALID" : "BLOB_UPLOAD_UNKNOWN"
            return exchange.error(404, code, "upload unknown to registry")
        }
        guard exchange.parameter("_state") == "\(upload.state)/+=" else {
            violation("\(exchange.method) to a Location that is not the latest")
            return exchange.error(404, "BLOB_UPLOAD_INVALID", "upload invalid")
        }
        switch exchange.method {
        case "GET": exchange.answer(204, progress(repository, id, upload))
        case "DELETE":
            if quirks.contains(.noCancel) { return exchange.error(401, "UNAUTHORIZED", "no such action") }
            contents.withLock { $0.uploads[id] = nil }
            exchange.answer(204)
        case "PATCH": patch(exchange, repository, id, upload)
        case "PUT": commit(exchange, repository, id, upload)
        default: exchange.error(405, "UNSUPPORTED", "method not allowed")
        }
    }

    private func patch(_ exchange: Exchange, _ repository: String, _ id: String, _ upload: RegistryContents.Upload) {
        guard let length = exchange.contentLength else {
            violation("PATCH without Content-Length")
            return exchange.error(411, "SIZE_INVALID", "length required")
        }
        if let text = exchange.request.headers["content-range"] {
            let ends = text.split(separator: "-").compactMap { Int($0) }
            guard ends.count == 2, ends[1] - ends[0] + 1 == length else {
                violation("Content-Range '\(text)' does not fit \(length) bytes")
                return exchange.error(400, "SIZE_INVALID", "range and length differ")
            }
            if quirks.contains(.rangedLimit), length > 4 << 20 {
                return exchange.error(416, "RANGE_INVALID", "request body exceeds 4.00MiB")
            }
            if quirks.contains(.maximumChunk), length > 1 << 20 {
                return exchange.error(400, "SIZE_INVALID", "the part exceeds the largest size of 1 MiB")
            }
            if quirks.contains(.minimumChunk), upload.isShort {
                violation("a chunk below OCI-Chunk-Min-Length was not the last")
                return exchange.error(400, "BLOB_UPLOAD_INVALID", "the chunk before this one was too small")
            }
            if !quirks.contains(.ignoresContentRange), ends[0] != upload.bytes.count {
                violation("a chunk from \(ends[0]) where \(upload.bytes.count) bytes are")
                return exchange.error(416, "RANGE_INVALID", "out of order", progress(repository, id, upload))
            }
        }
        if quirks.contains(.fewParts), upload.parts >= Self.mostParts {
            return exchange.error(400, "SIZE_INVALID", "more than \(Self.mostParts) parts")
        }
        guard receive(exchange, repository, id, length) else { return }
        let now = contents.withLock { contents in
            contents.uploads[id]?.parts += 1
            contents.uploads[id]?.isShort = length < Self.smallestChunk
            return contents.uploads[id]
        }
        guard let now else { return }
        var headers = progress(repository, id, now)
        if quirks.contains(.staleRange) {
            headers["Range"] = "0-\(max(0, (upload.bytes.isEmpty ? now : upload).bytes.count - 1))"
        }
        exchange.answer(quirks.contains(.patch201) ? 201 : 202, headers)
    }

    private func commit(_ exchange: Exchange, _ repository: String, _ id: String, _ upload: RegistryContents.Upload) {
        let length = exchange.contentLength ?? 0
        if exchange.request.headers["content-range"] != nil, upload.bytes.isEmpty {
            violation("Content-Range on an upload in one piece")
        } else if let text = exchange.request.headers["content-range"], length > 0,
            text.split(separator: "-").first.flatMap({ Int($0) }) != upload.bytes.count
        {
            violation("a last chunk '\(text)' where \(upload.bytes.count) bytes are")
            return exchange.error(416, "RANGE_INVALID", "out of order", progress(repository, id, upload))
        }
        guard let digest = exchange.parameter("digest").flatMap({ try? Digest(parsing: $0) }) else {
            violation("PUT without a digest")
            return exchange.error(400, "DIGEST_INVALID", "no digest")
        }
        if quirks.contains(.wantsPatch), length > 0 {
            return exchange.error(405, "UNSUPPORTED", "bytes are taken by PATCH")
        }
        guard receive(exchange, repository, id, length) else { return }
        if quirks.contains(.slowCommit) { usleep(1_000_000) }
        let bytes = contents.withLock { $0.uploads.removeValue(forKey: id)?.bytes ?? [] }
        guard Digest(of: bytes) == digest else {
            violation("the bytes of \(digest) are not its own")
            return exchange.error(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        }
        contents.withLock { $0.blobs[repository, default: [:]][digest] = bytes }
        exchange.answer(201, created(repository, digest))
    }

    /// Takes a body into an upload, also the part of one that breaks off; false if it did.
    private func receive(_ exchange: Exchange, _ repository: String, _ id: String, _ length: Int) -> Bool {
        let missing = quirks.contains(.missingRepositoryCut) && contents.withLock { $0.manifests[repository] == nil }
        if missing, length > 0 {
            _ = exchange.request.read(length / 2)
            exchange.request.reset()
            return false
        }
        if length > 0, exchange.request.headers["content-type"] != "application/octet-stream" {
            violation("\(exchange.method) of a blob's bytes as '\(exchange.request.headers["content-type"] ?? "")'")
        }
        let isExpected = exchange.request.headers["expect"] != nil && !quirks.contains(.ignoresExpect)
        if isExpected { exchange.request.send("HTTP/1.1 100 Continue\r\n\r\n") }
        let bytes: [UInt8]
        if case .cut(let count) = exchange.fault {
            bytes = exchange.request.read(count)
        } else {
            bytes = exchange.request.readBody()
        }
        defer { if case .cut = exchange.fault { exchange.request.reset() } }
        contents.withLock { contents in
            contents.uploads[id]?.bytes += bytes
            if bytes.count == length { contents.uploads[id]?.state += 1 }
            if bytes.count < length, quirks.contains(.noResume) { contents.uploads[id] = nil }
        }
        return bytes.count == length
    }

    private func progress(_ repository: String, _ id: String, _ upload: RegistryContents.Upload) -> [String: String] {
        ["Location": location(repository, id, upload.state), "Range": "0-\(max(0, upload.bytes.count - 1))"]
    }

    private func location(_ repository: String, _ id: String, _ state: Int) -> String {
        // Bytes that must come back as they are.
        let target = "/v2/\(repository)/blobs/uploads/\(id)?_state=\(state)%2F%2b%3D"
        if quirks.contains(.relativeLocation) { return target }
        if quirks.contains(.hostOnlyLocation) { return host + target }
        return uploadOrigin + target
    }

    private func created(_ repository: String, _ digest: Digest) -> [String: String] {
        var headers = ["Location": "/v2/\(repository)/blobs/\(digest)"]
        if !quirks.contains(.noDigestHeader) { headers["Docker-Content-Digest"] = digest.description }
        if quirks.contains(.csrfCookie) { headers["Set-Cookie"] = "sid=1; Path=/" }
        return headers
    }
}
