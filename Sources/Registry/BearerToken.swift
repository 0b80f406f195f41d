internal import BuildModel
internal import Documents
internal import HTTPTransport
internal import Platform

extension RegistrySession {
    /// Asks the server that a Bearer challenge names for a token: distribution's token specification, "Requesting a Token".
    ///
    /// Once: whoever needs the token tries again as for any request, and then waits before the gate of the token server's own host,
    /// which a refusal closes.
    ///
    /// - Throws: `BuildFailure`: `unauthorized` if it gives none, `registry_unavailable` if it cannot now, `protocol_violation` if the
    ///   challenge leads astray.
    func token(
        for request: RegistryRequest,
        _ challenge: Challenge,
        _ identity: Identity?
    ) async throws -> Authorization {
        if let identity, identity.kind == .registryToken {
            return Authorization(header: Redacted("Bearer \(identity.secret.exposed)"), expiry: nil)
        }
        let realm = try realm(of: challenge, for: request)
        let asked = TokenRequest(request, challenge, realm: realm, identity, patience: settings.patience)
        let tls = try tls(for: asked.realm, likeRegistry: request.repository.registry)
        var exchange = asked.plain(tls)
        var answer: (response: HTTPResponse, body: [UInt8])?
        if identity?.kind == .identityToken {
            let form = asked.refresh(tls)
            let given = try await ask(form, for: request)
            // Not every token server knows the newer form, and they say so in different ways.
            if ![400, 401, 404, 405].contains(given.0.status) { (exchange, answer) = (form, given) }
        }
        let (response, body) = if let answer { answer } else { try await ask(exchange, for: request) }
        guard response.isSuccess else { throw asked.refused(exchange.method, response, body) }
        return try asked.token(in: body, exchange.method, response)
    }

    private func ask(_ exchange: HTTPRequest, for request: RegistryRequest) async throws -> (HTTPResponse, [UInt8]) {
        var exchange = exchange
        exchange.reach = reach(of: request.repository)
        do {
            return try await roundTrip(exchange, isBulk: false) { [http] in try await http.execute($0) }
        } catch let failure as BuildFailure {
            throw request.broken(failure)
        }
    }

    private func realm(of challenge: Challenge, for request: RegistryRequest) throws(BuildFailure) -> HTTPURL {
        do {
            return try UploadLocation.realm(
                challenge.parameters["realm"],
                of: request.repository.base,
                allowsPlain: settings.insecure.contains(request.repository.registry)
            )
        } catch {
            throw request.astray(error, answer: (request.method, 401, request.url))
        }
    }
}
