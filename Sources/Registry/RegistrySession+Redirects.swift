internal import BuildModel
internal import HTTPTransport
internal import Platform

extension RegistrySession {
    private static let redirectLimit = 5

    /// Sends a request and follows redirects by hand: distribution spec, "API". The authorization goes to the registry's own origin alone.
    ///
    /// - Returns: the answer that is no redirect; its URL is the one that a relative `Location` refers to.
    func follow(
        _ request: RegistryRequest,
        _ authorization: Authorization?,
        via exchange: Exchange
    ) async throws -> (HTTPResponse, [UInt8]) {
        var url = request.url
        for _ in 0...Self.redirectLimit {
            let (response, body) = try await exchange(try outgoing(request, to: url, authorization))
            guard Self.isRedirect(response.status, of: request.method) else { return (response, body) }
            url = try location(in: response, of: url, request.repository)
        }
        throw BuildFailure(
            .platform,
            .protocolViolation,
            operation: request.operation,
            message:
                "Cannot \(request.purpose) in \(request.repository.description): more than \(Self.redirectLimit) redirects."
        )
    }

    /// The URL that an answer leads to.
    ///
    /// - Parameter url: what answered.
    func location(in response: HTTPResponse, of url: HTTPURL, _ repository: Repository) throws(BuildFailure) -> HTTPURL
    {
        try UploadLocation.resolve(
            response.headers["Location"],
            against: url,
            hidesTLS: settings.hiddenTLS.contains(repository.registry)
        )
    }

    private func outgoing(
        _ request: RegistryRequest,
        to url: HTTPURL,
        _ authorization: Authorization?
    ) throws(BuildFailure) -> HTTPRequest {
        let isOwn = url.hasSameOrigin(as: request.repository.base)
        var outgoing = HTTPRequest(request.method, url.text, headers: request.headers, body: request.body)
        outgoing.limits = request.limits
        if request.isRepeatable { outgoing.limits.stall = min(outgoing.limits.stall, settings.patience) }
        outgoing.isRepeatable = request.isRepeatable
        outgoing.needsPermit = request.needsPermit
        outgoing.tls = try tls(for: url, likeRegistry: isOwn ? request.repository.registry : nil)
        if isOwn, let authorization { outgoing.headers["Authorization"] = authorization.header.exposed }
        return outgoing
    }

    /// Only 307 and 308 keep the method; a GET or HEAD stays what it is with any.
    private static func isRedirect(_ status: Int, of method: HTTPRequest.Method) -> Bool {
        if status == 307 || status == 308 { return true }
        return (301...303).contains(status) && (method == .get || method == .head)
    }
}
