internal import BuildModel
internal import Documents
internal import HTTPTransport
internal import Platform

/// What a token server is asked for, in either form.
struct TokenRequest {
    let realm: HTTPURL
    private let request: RegistryRequest
    private let service: String?
    private let identity: Identity?
    /// How long nearly nothing may move.
    private let patience: Duration

    init(
        _ request: RegistryRequest,
        _ challenge: Challenge,
        realm: HTTPURL,
        _ identity: Identity?,
        patience: Duration
    ) {
        self.request = request
        self.patience = patience
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

    private func limited(_ exchange: HTTPRequest) -> HTTPRequest {
        var exchange = exchange
        exchange.limits.total = .seconds(30)
        exchange.limits.stall = min(exchange.limits.stall, patience)
        exchange.limits.responseBytes = 1 << 20
        return exchange
    }
}

extension TokenRequest {
    /// Reads the token of an answer that should have one.
    func token(
        in body: [UInt8],
        _ method: HTTPRequest.Method,
        _ response: HTTPResponse
    ) throws(BuildFailure) -> Authorization {
        let reply = try? JSONDocument.parse(body)
        let text = reply?["token"]?.string ?? reply?["access_token"]?.string
        guard let text, !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw failure(
                .protocolViolation,
                "the token server answered \(method.rawValue) \(realm.redacted) with \(response.status) and no token.",
                "Look at the token server: the registry names it as its realm.",
                cause: ownWords(body)
            )
        }
        let lifetime = min(max(reply?["expires_in"]?.integer ?? 60, 1), 86400)
        // Renewed while there is time left for a request to arrive. `issued_at` is by a clock that is not ours.
        return Authorization(
            header: Redacted("Bearer \(text)"),
            expiry: Deadline(after: .seconds(lifetime) - .seconds(min(15, lifetime / 2)))
        )
    }

    /// Why there is no token: whether the server refuses who we are, or cannot serve now.
    func refused(_ method: HTTPRequest.Method, _ response: HTTPResponse, _ body: [UInt8]) -> BuildFailure {
        let errors = RegistryError.read(body)
        let words = errors.map(\.description).joined(separator: "; ")
        let who = identity?.description ?? "an anonymous user"
        let isTemporary = Retry.isTemporary(response.status, errors)
        return failure(
            isTemporary ? .registryUnavailable : .unauthorized,
            "the token server answered \(method.rawValue) \(realm.redacted) for \(who) with \(response.status)"
                + (words.isEmpty ? "." : " \(words)."),
            advice(response.status, errors, isTemporary: isTemporary),
            cause: errors.isEmpty ? ownWords(body) : nil,
            isRetryable: isTemporary
        )
    }

    /// Text of a server's own. Any registry that a repository names may name any server inside as its realm, and what that says is for nobody
    /// who shows it no credentials.
    private func ownWords(_ body: [UInt8]) -> String? { identity == nil ? nil : RegistryError.plainText(body) }

    private func advice(_ status: Int, _ errors: [RegistryError], isTemporary: Bool) -> String {
        let registry = request.repository.registry
        if Retry.asksForPatience(status, errors), status != 503 {
            return "The token server limits how often it is asked: try again later. The credentials were not judged."
        }
        if isTemporary {
            return
                "The token server cannot serve now: try again later, or look at its log. The credentials were not judged."
        }
        if status == 404 || status == 405 {
            return "There is no token server at this place: look at the realm that \(registry) names."
        }
        if identity == nil { return "Configure a user name and password for \(registry)." }
        return "Check the credentials configured for \(registry), and what they allow there."
    }

    private func failure(
        _ code: BuildFailure.Code,
        _ what: String,
        _ advice: String,
        cause: String?,
        isRetryable: Bool = false
    ) -> BuildFailure {
        BuildFailure(
            .platform,
            code,
            operation: "registry.authorize",
            message: "Cannot \(request.purpose) in \(request.repository.description): \(what) \(advice)",
            cause: cause,
            isRetryable: isRetryable
        )
    }
}
