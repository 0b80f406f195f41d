internal import BuildModel
internal import Platform
internal import Synchronization
internal import TestSupport

extension StrictRegistry {
    /// Whether the request may be done; if not, it is answered with a challenge.
    func isAllowed(_ exchange: Exchange, _ scopes: [String]) -> Bool {
        let shown = exchange.request.headers["authorization"]
        switch access {
        case .anyone: return true
        case .basic(let user, let password):
            if shown == Self.basic(user, password) { return true }
            exchange.error(
                401,
                "UNAUTHORIZED",
                "authentication required",
                ["WWW-Authenticate": "Basic realm=\"strict\""]
            )
        case .bearer:
            if let shown, shown.hasPrefix("Bearer "), holds(String(shown.dropFirst(7)), scopes) { return true }
            var challenge = "Bearer realm=\"http://\(host)/token\",service=\"strict registry\""
            if !quirks.contains(.challengeWithoutScope) { challenge += ",scope=\"\(scopes.joined(separator: " "))\"" }
            exchange.error(401, "UNAUTHORIZED", "authentication required", ["WWW-Authenticate": challenge])
        }
        return false
    }

    private func holds(_ token: String, _ scopes: [String]) -> Bool {
        guard let known = contents.withLock({ $0.tokens[token] }), known.end > .now else { return false }
        // A mount from where the token does not reach is refused by the mount itself.
        return scopes.prefix(1).allSatisfy(known.scopes.contains)
    }

    func giveToken(_ exchange: Exchange) {
        guard case .bearer(let user, let password, let lifetime) = access else {
            return exchange.error(404, "NAME_UNKNOWN", "not found")
        }
        if quirks.contains(.tokenRateLimit), isFirst("token") {
            return exchange.error(429, "TOOMANYREQUESTS", "Rate exceeded", ["Retry-After": "1"])
        }
        var parameters = exchange.parameters
        var isKnown = exchange.request.headers["authorization"] == Self.basic(user, password)
        if exchange.method == "POST" {
            if quirks.contains(.tokenPost404) { return exchange.error(404, "NAME_UNKNOWN", "not found") }
            parameters = Exchange.pairs(String(decoding: exchange.request.readBody(), as: UTF8.self))
            isKnown = parameters.contains { $0.name == "refresh_token" && $0.value == Self.identityToken }
        } else if exchange.request.headers["authorization"] == Self.basic("<token>", Self.identityToken) {
            isKnown = true
        }
        guard isKnown else { return exchange.error(401, "UNAUTHORIZED", "incorrect username or password") }
        if !parameters.contains(where: { $0.name == "service" && $0.value == "strict registry" }) {
            violation("a token asked for without its service")
        }
        var scopes = parameters.filter { $0.name == "scope" }.flatMap {
            $0.value.split(separator: " ").map(String.init)
        }
        if quirks.contains(.badScopeKillsToken), scopes.contains(where: { !isGrantable($0) }) {
            return exchange.error(403, "DENIED", "requested access to the resource is denied")
        }
        if quirks.contains(.firstScopeOnly) { scopes = Array(scopes.prefix(1)) }
        grant(exchange, scopes, lifetime: quirks.contains(.shortTokens) ? 2 : lifetime)
    }

    /// Repositories of others begin with `private/`.
    private func isGrantable(_ scope: String) -> Bool { !scope.hasPrefix("repository:private/") }

    private func grant(_ exchange: Exchange, _ scopes: [String], lifetime: Int) {
        var granted: Set<String> = []
        for scope in scopes where isGrantable(scope) {
            guard let colon = scope.lastIndex(of: ":") else { continue }
            for action in scope[scope.index(after: colon)...].split(separator: ",") {
                granted.insert("\(scope[..<colon]):\(action)")
            }
        }
        let token = contents.withLock { contents in
            let token = "token-\(contents.next())"
            contents.tokens[token] = .init(scopes: granted, end: .now + .seconds(lifetime))
            return token
        }
        let reply: JSONValue = ["token": .string(token), "expires_in": .integer(Int64(lifetime))]
        exchange.answer(200, ["Content-Type": "application/json"], body: reply.canonicalBytes)
    }

    /// RFC 7617.
    static func basic(_ user: String, _ password: String) -> String {
        "Basic " + Base64.encode(Array("\(user):\(password)".utf8))
    }
}
