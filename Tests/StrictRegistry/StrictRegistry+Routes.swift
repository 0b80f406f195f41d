internal import BuildModel
internal import Platform
internal import Synchronization
internal import TestSupport

extension StrictRegistry {
    func route(_ exchange: Exchange) {
        if exchange.path == "/token" { return giveToken(exchange) }
        guard exchange.path.hasPrefix("/v2/") else { return exchange.error(404, "NAME_UNKNOWN", "not found") }
        let parts = exchange.path.dropFirst(4).split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts == [""] {
            if isAllowed(exchange, []) { exchange.answer(200, body: Array("{}".utf8)) }
            return
        }
        if exceedsRequestLimit(exchange) || exceedsRateLimit(exchange) { return }
        for kind in ["blobs", "manifests", "referrers", "tags"] {
            guard let index = parts.lastIndex(of: kind), index > 0 else { continue }
            let repository = parts[..<index].joined(separator: "/")
            let rest = Array(parts[(index + 1)...])
            guard Self.isName(repository) else {
                violation("'\(repository)' is no name of a repository")
                return exchange.error(400, "NAME_INVALID", "invalid repository name")
            }
            return dispatch(exchange, kind, repository, rest)
        }
        exchange.error(404, "NAME_UNKNOWN", "not found")
    }

    private func dispatch(_ exchange: Exchange, _ kind: String, _ repository: String, _ rest: [String]) {
        let isWrite = ["POST", "PUT", "PATCH", "DELETE"].contains(exchange.method)
        var scopes = ["repository:\(repository):\(isWrite ? "push" : "pull")"]
        if let from = exchange.parameter("from") { scopes.append("repository:\(from):pull") }
        guard exchange.isElsewhere || isAllowed(exchange, scopes) else { return }
        if isRedirected(exchange) { return }
        switch (kind, rest.count) {
        case ("blobs", 2) where rest[0] == "uploads" && rest[1].isEmpty: openUpload(exchange, repository)
        case ("blobs", 2) where rest[0] == "uploads": continueUpload(exchange, repository, rest[1])
        case ("blobs", 1): blob(exchange, repository, rest[0])
        case ("manifests", 1): manifest(exchange, repository, rest[0])
        case ("referrers", 1): referrers(exchange, repository, rest[0])
        case ("tags", 1) where rest[0] == "list": tags(exchange, repository)
        default: exchange.error(404, "NAME_UNKNOWN", "not found")
        }
    }

    /// RFC 9110, sections 15.4.8 and 15.4.9. What was sent on already has a mark.
    private func isRedirected(_ exchange: Exchange) -> Bool {
        guard ["POST", "PUT", "PATCH"].contains(exchange.method), exchange.parameter("_sent") == nil else {
            return false
        }
        let mark = exchange.request.target.contains("?") ? "&" : "?"
        let target = exchange.request.target + mark + "_sent=a%2Fb"
        if quirks.contains(.redirectsElsewhere) {
            _ = exchange.request.readBody()
            exchange.answer(307, ["Location": otherOrigin + target])
            return true
        }
        guard quirks.contains(.redirectsWithin) else { return false }
        guard exchange.contentLength ?? 0 > 0 else {
            exchange.answer(308, ["Location": target])
            return true
        }
        let head = "HTTP/1.1 308 Permanent Redirect\r\nLocation: \(target)\r\nContent-Length: 0\r\n"
        exchange.request.send(head + "Connection: close\r\n\r\n")
        exchange.request.waitForClose()
        return true
    }

    private func exceedsRequestLimit(_ exchange: Exchange) -> Bool {
        guard quirks.contains(.requestLimit), exchange.contentLength ?? 0 > 1 << 20 else { return false }
        let page = "<html><h1>413 Request Entity Too Large</h1></html>"
        exchange.request.send(
            "HTTP/1.1 413 Too Large\r\nContent-Type: text/html\r\nContent-Length: \(page.utf8.count)\r\n"
                + "Connection: close\r\n\r\n\(page)"
        )
        exchange.request.waitForClose()
        return true
    }

    private func exceedsRateLimit(_ exchange: Exchange) -> Bool {
        guard quirks.contains(.rateLimit) else { return false }
        let isOver = contents.withLock { contents in
            let start = ContinuousClock.now - .seconds(1)
            contents.arrivals = contents.arrivals.filter { $0 > start }
            guard contents.arrivals.count < Self.requestsPerSecond else { return true }
            contents.arrivals.append(.now)
            return false
        }
        if isOver { exchange.error(429, "TOOMANYREQUESTS", "Rate exceeded") }
        return isOver
    }

    private func blob(_ exchange: Exchange, _ repository: String, _ text: String) {
        guard let digest = try? Digest(parsing: text) else {
            return exchange.error(400, "DIGEST_INVALID", "not a digest")
        }
        guard ["GET", "HEAD", "DELETE"].contains(exchange.method) else {
            return exchange.error(405, "UNSUPPORTED", "method not allowed")
        }
        guard let bytes = contents.withLock({ $0.blobs[repository]?[digest] }) else {
            return exchange.error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        }
        if exchange.method == "DELETE" {
            contents.withLock { $0.blobs[repository]?[digest] = nil }
            return exchange.answer(202)
        }
        if quirks.contains(.collectsBlobs), exchange.method == "HEAD" { return collect(exchange, repository, digest) }
        var headers = quirks.contains(.noDigestHeader) ? [:] : ["Docker-Content-Digest": digest.description]
        if exchange.method == "HEAD" { headers["Content-Length"] = "\(bytes.count)" }
        let ends = exchange.request.headers["range"]?.split(separator: "=").last?
            .split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        if let ends, ends.count == 2, let start = ends[0], !quirks.contains(.ignoresRange) {
            guard start < bytes.count else { return exchange.error(416, "RANGE_INVALID", "out of range") }
            let end = min(ends[1] ?? bytes.count - 1, bytes.count - 1)
            headers["Content-Range"] = "bytes \(start)-\(end)/\(bytes.count)"
            return exchange.answer(206, headers, body: Array(bytes[start...end]))
        }
        exchange.answer(200, headers, body: bytes)
    }

    /// The collector comes right after somebody was told that the blob is there.
    private func collect(_ exchange: Exchange, _ repository: String, _ digest: Digest) {
        contents.withLock { $0.blobs[repository]?[digest] = nil }
        exchange.answer(200)
    }
}
