internal import BuildModel
internal import Documents
internal import HTTPTransport
internal import Platform

extension RegistrySession {
    /// Asks the server that a Bearer challenge names for a token: distribution's token specification, "Requesting a Token".
    ///
    /// - Throws: `BuildFailure`: `unauthorized` if it gives none, `protocol_violation` if the challenge leads astray.
    func token(
        for request: RegistryRequest,
        _ challenge: Challenge,
        _ identity: Identity?
    ) async throws -> Authorization {
        if let identity, identity.kind == .registryToken {
            return Authorization(header: Redacted("Bearer \(identity.secret.exposed)"), expiry: nil)
        }
        let asked = TokenRequest(request, challenge, realm: try realm(of: challenge, for: request), identity)
        let tls = try tls(for: asked.realm, likeRegistry: request.repository.registry)
        var (response, body): (HTTPResponse, [UInt8]) = (HTTPResponse(status: 404, headers: [:], url: ""), [])
        if identity?.kind == .identityToken { (response, body) = try await http.execute(asked.refresh(tls)) }
        // Not every token server knows the newer form, and they say so in different ways.
        if !response.isSuccess, [400, 401, 404, 405].contains(response.status) {
            (response, body) = try await http.execute(asked.plain(tls))
        }
        guard response.isSuccess else { throw asked.refused(response, body) }
        return try Self.readToken(body, from: asked.realm)
    }

    private func realm(of challenge: Challenge, for request: RegistryRequest) throws(BuildFailure) -> HTTPURL {
        try UploadLocation.realm(
            challenge.parameters["realm"],
            of: request.repository.base,
            allowsPlain: settings.insecure.contains(request.repository.registry)
        )
    }

    private static func readToken(_ body: [UInt8], from realm: HTTPURL) throws(BuildFailure) -> Authorization {
        let reply = try? JSONDocument.parse(body)
        let text = reply?["token"]?.string ?? reply?["access_token"]?.string
        guard let text, !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw BuildFailure(
                .platform,
                .protocolViolation,
                operation: "registry.authorize",
                message: "The token server \(realm.redacted) answered without a token."
            )
        }
        let lifetime = min(max(reply?["expires_in"]?.integer ?? 60, 1), 86400)
        // Renewed while there is time left for a request to arrive. `issued_at` is by a clock that is not ours.
        return Authorization(
            header: Redacted("Bearer \(text)"),
            expiry: Deadline(after: .seconds(lifetime) - .seconds(min(15, lifetime / 2)))
        )
    }
}

/// What a token server is asked for, in either form.
private struct TokenRequest {
    let realm: HTTPURL
    private let request: RegistryRequest
    private let service: String?
    private let identity: Identity?

    init(_ request: RegistryRequest, _ challenge: Challenge, realm: HTTPURL, _ identity: Identity?) {
        self.request = request
        self.realm = realm
        self.identity = identity
        service = challenge.parameters["service"]
    }

    /// GET, with one `scope` for each.
    func plain(_ tls: TLSSettings) -> HTTPRequest {
        var parameters = request.scopes.map { ("scope", $0) }
        if let service { parameters.insert(("service", service), at: 0) }
        let mark = realm.target.contains("?") ? "&" : "?"
        var exchange = HTTPRequest(.get, realm.text + mark + PercentEncoding.form(parameters), tls: tls)
        // Many servers hand out an anonymous token without asking: so credentials are shown at once.
        if let identity { exchange.headers["Authorization"] = identity.basicHeader.exposed }
        return limited(exchange)
    }

    /// POST of a form, with the scopes in one: distribution's OAuth2 token specification.
    func refresh(_ tls: TLSSettings) -> HTTPRequest {
        let parameters = [
            ("grant_type", "refresh_token"), ("service", service ?? realm.host), ("client_id", "slipway"),
            ("scope", request.scopes.joined(separator: " ")), ("refresh_token", identity?.secret.exposed ?? ""),
        ]
        var exchange = HTTPRequest(.post, realm.text, tls: tls)
        exchange.headers["Content-Type"] = "application/x-www-form-urlencoded"
        exchange.body = .bytes(Array(PercentEncoding.form(parameters).utf8))
        return limited(exchange)
    }

    func refused(_ response: HTTPResponse, _ body: [UInt8]) -> BuildFailure {
        let who = identity?.description ?? "an anonymous user"
        let words = RegistryError.read(body).map(\.description).joined(separator: "; ")
        return BuildFailure(
            .platform,
            Retry.isTemporary(response.status) ? .registryUnavailable : .unauthorized,
            operation: "registry.authorize",
            message:
                "Cannot \(request.purpose) in \(request.repository.description): the token server \(realm.redacted) answered "
                + "\(response.status) to \(who). Check the credentials configured for \(request.repository.registry).",
            cause: words.isEmpty ? RegistryError.plainText(body) : words,
            isRetryable: Retry.isTemporary(response.status)
        )
    }

    private func limited(_ exchange: HTTPRequest) -> HTTPRequest {
        var exchange = exchange
        exchange.limits.total = .seconds(30)
        exchange.limits.responseBytes = 1 << 20
        return exchange
    }
}
