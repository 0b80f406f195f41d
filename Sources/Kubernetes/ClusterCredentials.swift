package import BuildModel
package import HTTPTransport
package import Platform

/// Which cluster is talked to, how it is trusted, and who we are to it.
package struct ClusterCredentials: Sendable, Hashable {
    /// A bearer token.
    package enum Token: Sendable, Hashable {
        case value(Redacted<String>)
        /// The path of a file that is read again for every request, because whoever writes it may rotate the token.
        case file(String)
    }

    /// The API server's URL, without a slash at its end.
    package var server: String
    /// The authority, the client certificate and the expected name.
    package var tls: TLSSettings
    package var token: Token?
    /// The namespace of the kubeconfig's context, if it names one.
    package var namespace: String?
    /// Where this comes from, for messages: `context 'prod' of /etc/slipway/kubeconfig`.
    package var origin: String

    package init(
        server: String,
        tls: TLSSettings = TLSSettings(),
        token: Token? = nil,
        namespace: String? = nil,
        origin: String
    ) {
        self.server = server
        self.tls = tls
        self.token = token
        self.namespace = namespace
        self.origin = origin
    }

    /// Reads a kubeconfig (YAML or JSON).
    ///
    /// - Parameters:
    ///   - path: the file; nil for the first file of `KUBECONFIG`'s list that is there, else `~/.kube/config`.
    ///   - context: the context's name; nil for the file's `current-context`.
    ///   - environment: looks up an environment variable.
    /// - Throws: `BuildFailure` with code `not_found` if there is no such file, or `invalid_configuration` with the file,
    ///   the line and what to do. Users that need a helper program (`exec`), an auth provider, a password or
    ///   impersonation are refused by name.
    package static func load(
        kubeconfig path: String? = nil,
        context: String? = nil,
        environment: (String) -> String? = SystemInformation.environment
    ) throws(BuildFailure) -> ClusterCredentials {
        let file = try Kubeconfig(path: try Kubeconfig.locate(path, environment: environment))
        return try file.credentials(context: context)
    }

    /// Whether asking again may give another token: what a file holds, or a helper program answers, changes.
    var isRenewable: Bool {
        switch token {
        case nil, .value: false
        case .file: true
        }
    }

    /// Forgets what is kept of a token that was refused.
    func renew() async {}

    /// The request with who we are.
    func signed(_ request: HTTPRequest) async throws -> HTTPRequest {
        var request = request
        request.headers["Authorization"] = try authorization()
        return request
    }

    /// The value of the `Authorization` header, if there is a token.
    ///
    /// - Throws: `BuildFailure` if the token's file cannot be read or is empty.
    func authorization() throws(BuildFailure) -> String? {
        switch token {
        case nil: return nil
        case .value(let token): return "Bearer \(token.exposed)"
        case .file(let path):
            let text: String
            do {
                text = String(decoding: try Files.read(path, limit: 1 << 20), as: UTF8.self)
            } catch {
                throw invalidToken(path, "cannot be read", cause: error.description)
            }
            let token = text.split(whereSeparator: \.isWhitespace)
            guard token.count == 1 else { throw invalidToken(path, "must hold one token and nothing else") }
            return "Bearer \(token[0])"
        }
    }
    private func invalidToken(_ path: String, _ reason: String, cause: String? = nil) -> BuildFailure {
        BuildFailure(
            .platform,
            .invalidConfiguration,
            operation: "kubernetes.credentials",
            message: "The token file '\(path)' of \(origin) \(reason).",
            cause: cause
        )
    }
}
