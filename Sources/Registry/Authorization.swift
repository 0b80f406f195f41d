internal import BuildModel
internal import HTTPTransport
internal import Platform
internal import Synchronization

/// What goes into the `Authorization` header for one registry and some scopes, and how long.
struct Authorization: Sendable, Hashable {
    /// What an authorization is good for, and who got it.
    struct Key: Sendable, Hashable {
        var origin: String
        /// Sorted; the order in which they are asked for is the request's.
        var scopes: [String]
        var identity: Identity?
    }

    var header: Redacted<String>
    /// When it has to be replaced; nil for never.
    var expiry: Deadline?

    /// Whether it is good for a request that starts now and whose body takes long, so that proxies may pass it on late.
    func isFresh(for body: HTTPRequest.Body) -> Bool {
        guard let expiry else { return true }
        guard case .content = body else { return !expiry.hasPassed }
        return expiry.remaining > .seconds(20)
    }
}

/// An authorization that ended while its request waited at a gate.
struct StaleAuthorization: Error {}

extension RegistrySession {
    /// Waits at a gate that may be longer than a token lives, before a request goes out with what there is.
    private static let renewals = 3

    /// Sends a request with the authorization that is known for it; when the registry wants another one, gets that and sends it
    /// again. Distribution's token specification; RFC 7617.
    ///
    /// - Parameter isBulk: whether a blob's bytes go or come with it.
    func sendAuthorized(
        _ request: RegistryRequest,
        isBulk: Bool,
        via exchange: @escaping Exchange
    ) async throws -> (HTTPResponse, [UInt8]) {
        var shown = try await knownAuthorization(for: request)
        var (response, body) = try await follow(request, &shown, isBulk: isBulk, via: exchange)
        // Twice, for a token may end just when it was given out.
        for _ in 0..<2 {
            guard response.status == 401, isFromRegistry(response, request) else { break }
            guard let challenge = Challenge.preferred(response.headers.all("WWW-Authenticate")) else { break }
            challenges.withLock { $0[request.repository.base.text] = challenge }
            let fresh = try await authorization(for: request, challenge, refused: shown)
            guard let fresh, fresh.header != shown?.header else { break }
            shown = fresh
            (response, body) = try await follow(request, &shown, isBulk: isBulk, via: exchange)
        }
        return (response, body)
    }

    /// Follows a request through the gates. An authorization that ended before one is replaced before anything is sent: a body would be
    /// sent for nothing.
    private func follow(
        _ request: RegistryRequest,
        _ shown: inout Authorization?,
        isBulk: Bool,
        via exchange: @escaping Exchange
    ) async throws -> (HTTPResponse, [UInt8]) {
        for _ in 0..<Self.renewals {
            guard let current = shown, let expiry = current.expiry else { break }
            let wasFresh = current.isFresh(for: request.body)
            do {
                return try await follow(request, current) { outgoing in
                    try await self.roundTrip(outgoing, isBulk: isBulk, via: exchange) {
                        // Where a redirect leads it is not shown. A token that lives for a moment only is as fresh as it gets.
                        guard outgoing.headers["Authorization"] != nil else { return }
                        let isStale = expiry.hasPassed || (wasFresh && !current.isFresh(for: request.body))
                        if isStale { throw StaleAuthorization() }
                    }
                }
            } catch is StaleAuthorization {
                shown = try await knownAuthorization(for: request)
            }
        }
        return try await follow(request, shown) { try await self.roundTrip($0, isBulk: isBulk, via: exchange) }
    }

    private func isFromRegistry(_ response: HTTPResponse, _ request: RegistryRequest) -> Bool {
        (try? HTTPURL(parsing: response.url))?.hasSameOrigin(as: request.repository.base) == true
    }

    /// A registry that has asked before is not made to ask again: a body would be sent for nothing.
    private func knownAuthorization(for request: RegistryRequest) async throws -> Authorization? {
        guard let challenge = challenges.withLock({ $0[request.repository.base.text] }) else { return nil }
        return try await authorization(for: request, challenge, refused: nil)
    }

    /// The authorization that a challenge asks for. Of all that need the same one, one gets it and the others wait for that.
    ///
    /// - Parameter refused: one that the registry does not take any more.
    private func authorization(
        for request: RegistryRequest,
        _ challenge: Challenge,
        refused: Authorization?
    ) async throws -> Authorization? {
        var identity = try await identities.identity(for: request.repository)
        if challenge.scheme == "basic" {
            guard let identity, identity.kind == .password else { return nil }
            let own = Authorization(header: identity.basicHeader, expiry: nil)
            guard own.header == refused?.header else { return own }
            let newer = try await identities.identity(for: request.repository, insteadOf: identity)
            return newer.flatMap { $0.kind == .password ? Authorization(header: $0.basicHeader, expiry: nil) : nil }
        }
        if refused != nil, identity?.kind == .registryToken {
            identity = try await identities.identity(for: request.repository, insteadOf: identity)
        }
        do {
            return try await granted(to: identity, for: request, challenge, refused: refused)
        } catch let failure as BuildFailure where failure.code == .unauthorized {
            // What helpers and files gave may have been replaced since.
            let newer = try await identities.identity(for: request.repository, insteadOf: identity)
            guard newer != identity else { throw failure }
            return try await granted(to: newer, for: request, challenge, refused: refused)
        }
    }

    /// The token that is known for an identity, or a new one.
    private func granted(
        to identity: Identity?,
        for request: RegistryRequest,
        _ challenge: Challenge,
        refused: Authorization?
    ) async throws -> Authorization {
        let key = Authorization.Key(
            origin: request.repository.base.text,
            scopes: request.scopes.sorted(),
            identity: identity
        )
        return try await tokenSlots.withSlot(key) {
            let known = authorizations.withLock { $0[key] }
            // A token that lives for a moment only is as fresh as it gets.
            let isFresh = known?.isFresh(for: request.body) == true
            if let known, isFresh, known.header != refused?.header { return known }
            let token = try await token(for: request, challenge, identity)
            authorizations.withLock { known in
                // A worker lives for months, and there is a key for each repository and pair of them.
                if known.count >= 1000 { known = known.filter { $0.value.expiry?.hasPassed == false } }
                if known.count >= 1000 { known = [:] }
                known[key] = token
            }
            return token
        }
    }
}
