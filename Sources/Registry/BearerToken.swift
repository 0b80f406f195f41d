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
        _ credential: RegistrySettings.Credential?
    ) async throws -> Authorization {
        let realm = try realm(of: challenge, for: request)
        var parameters = request.scopes.map { ("scope", $0) }
        if let service = challenge.parameters["service"] { parameters.insert(("service", service), at: 0) }
        let query = parameters.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
        var exchange = HTTPRequest(.get, realm.text + (realm.target.contains("?") ? "&" : "?") + query)
        // Many servers hand out an anonymous token without asking: so credentials are shown at once.
        if let credential { exchange.headers["Authorization"] = Authorization.basic(credential).header.exposed }
        exchange.limits.total = .seconds(30)
        exchange.limits.responseBytes = 1 << 20
        exchange.tls = try tls(for: realm, likeRegistry: request.repository.registry)
        let (response, body) = try await http.execute(exchange)
        guard response.isSuccess else { throw refused(request, realm, response, body, credential) }
        return try Self.readToken(body, from: realm)
    }

    private func realm(of challenge: Challenge, for request: RegistryRequest) throws(BuildFailure) -> HTTPURL {
        let base = request.repository.base
        return try UploadLocation.resolve(challenge.parameters["realm"], against: base)
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
        let lifetime = min(max(reply?["expires_in"]?.integer ?? 60, 60), 86400)
        // Renewed while there is time left for a request to arrive.
        return Authorization(header: Redacted("Bearer \(text)"), expiry: Deadline(after: .seconds(lifetime - 15)))
    }

    private func refused(
        _ request: RegistryRequest,
        _ realm: HTTPURL,
        _ response: HTTPResponse,
        _ body: [UInt8],
        _ credential: RegistrySettings.Credential?
    ) -> BuildFailure {
        let who = credential.map { "user '\($0.username)'" } ?? "an anonymous user"
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
}
