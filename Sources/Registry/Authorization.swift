internal import BuildModel
internal import Documents
internal import HTTPTransport
internal import Platform
internal import Synchronization

/// What goes into the `Authorization` header for one registry and some scopes, and how long.
struct Authorization: Sendable, Hashable {
    /// What an authorization is good for. A session has one user for each registry, so the user is not part of it.
    struct Key: Sendable, Hashable {
        var origin: String
        /// Empty for Basic, which knows no scopes.
        var scopes: [String]
    }

    var header: Redacted<String>
    var expiry: Deadline?

    static func basic(_ credential: RegistrySettings.Credential) -> Authorization {
        let text = "\(credential.username):\(credential.password.exposed)"
        return Authorization(header: Redacted("Basic " + Base64.encode(Array(text.utf8))), expiry: nil)
    }
}

extension RegistrySession {
    /// Sends a request with the authorization that is known for it; when the registry wants another one, gets that and sends it once
    /// more. Distribution's token specification; RFC 7617.
    func sendAuthorized(
        _ request: RegistryRequest,
        via exchange: Exchange
    ) async throws -> (HTTPResponse, [UInt8]) {
        let known = knownAuthorization(for: request)
        let (response, body) = try await follow(request, known, via: exchange)
        guard response.status == 401, isFromRegistry(response, request) else { return (response, body) }
        guard let fresh = try await authorization(for: request, after: response), fresh.header != known?.header else {
            return (response, body)
        }
        return try await follow(request, fresh, via: exchange)
    }

    private func isFromRegistry(_ response: HTTPResponse, _ request: RegistryRequest) -> Bool {
        (try? HTTPURL(parsing: response.url))?.hasSameOrigin(as: request.repository.base) == true
    }

    private func knownAuthorization(for request: RegistryRequest) -> Authorization? {
        authorizations.withLock { known in
            let found = known[request.tokenKey] ?? known[request.basicKey]
            return found?.expiry?.hasPassed == true ? nil : found
        }
    }

    private func authorization(
        for request: RegistryRequest,
        after response: HTTPResponse
    ) async throws -> Authorization? {
        let credential = settings.credentials[request.repository.registry]
        guard let challenge = Challenge.preferred(response.headers.all("WWW-Authenticate")) else { return nil }
        if challenge.scheme == "basic" {
            guard let credential else { return nil }
            let basic = Authorization.basic(credential)
            authorizations.withLock { $0[request.basicKey] = basic }
            return basic
        }
        let token = try await token(for: request, challenge, credential)
        authorizations.withLock { $0[request.tokenKey] = token }
        return token
    }
}

extension RegistryRequest {
    fileprivate var basicKey: Authorization.Key { .init(origin: repository.base.text, scopes: []) }
    fileprivate var tokenKey: Authorization.Key { .init(origin: repository.base.text, scopes: scopes) }
}
