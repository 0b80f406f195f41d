internal import Platform

/// Who we are at a registry, and by what that is proven.
struct Identity: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// For Basic, and for a token server in exchange for a token.
        case password
        /// A refresh token: only a token server takes it.
        case identityToken
        /// A token that is shown as it is.
        case registryToken
    }

    var kind: Kind
    /// For people, and for Basic.
    var username: String
    var secret: Redacted<String>

    /// - Parameter username: `<token>` says that the secret is an identity token: docker's credential helpers.
    init(username: String, secret: Redacted<String>) {
        kind = username == "<token>" ? .identityToken : .password
        self.username = username
        self.secret = secret
    }

    init(_ kind: Kind, secret: Redacted<String>) {
        self.kind = kind
        username = "<token>"
        self.secret = secret
    }

    init(_ credential: RegistrySettings.Credential) {
        self.init(username: credential.username, secret: credential.password)
    }

    /// For messages.
    var description: String { kind == .password ? "user '\(username)'" : "the holder of a token" }

    /// RFC 7617.
    var basicHeader: Redacted<String> {
        Redacted("Basic " + Base64.encode(Array("\(username):\(secret.exposed)".utf8)))
    }
}
