internal import BuildModel
internal import HTTPTransport
internal import Platform

extension RegistrySession {
    private static let redirectLimit = 5

    /// Sends a request and follows redirects by hand: distribution spec, "API"; RFC 9110, section 15.4. With 307 and 308 method and
    /// body go along, read again from their start. The authorization goes to the registry's own origin alone.
    ///
    /// - Returns: the answer that is no redirect; its URL is the one that a relative `Location` refers to.
    func follow(
        _ request: RegistryRequest,
        _ authorization: Authorization?,
        via exchange: Exchange
    ) async throws -> (HTTPResponse, [UInt8]) {
        var url = request.url
        var last: HTTPResponse?
        for _ in 0...Self.redirectLimit {
            let outgoing = try outgoing(request, to: url, authorization)
            let (response, body) = try await Self.explaining(request) { try await exchange(outgoing) }
            guard Self.isRedirect(response.status, of: request.method) else { return (response, body) }
            last = response
            url = try location(in: response, of: request)
        }
        throw request.odd(
            last ?? HTTPResponse(status: 307, headers: [:], url: url.text),
            "that is redirect number \(Self.redirectLimit + 1)",
            advice: "Look where the registry and what stands before it send requests: more than \(Self.redirectLimit) "
                + "redirects are not followed."
        )
    }

    /// The URL that an answer leads to.
    ///
    /// - Throws: `BuildFailure` with code `protocol_violation` if it must not be gone to.
    func location(in response: HTTPResponse, of request: RegistryRequest) throws(BuildFailure) -> HTTPURL {
        let url = try HTTPURL(parsing: response.url)
        do {
            return try UploadLocation.resolve(
                response.headers["Location"],
                against: url,
                hidesTLS: settings.hiddenTLS.contains(request.repository.registry)
            )
        } catch {
            throw request.astray(error, answer: (request.method, response.status, url))
        }
    }

    private static func explaining<Value>(
        _ request: RegistryRequest,
        _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch let failure as BuildFailure {
            throw request.broken(failure)
        }
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
        outgoing.reach = reach(of: request.repository)
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
