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
        /// A helper program that is asked for a token or a certificate.
        case helper(ExecPlugin)
    }

    /// The API server's URL, without a slash at its end.
    package var server: String
    /// The authority, the client certificate and the expected name.
    package var tls: TLSSettings
    package var token: Token?
    /// The proxy that the cluster is reached by; nil for what the environment says.
    package var proxy: String?
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
    ///   - path: the file; nil for those of `KUBECONFIG`'s list that are there, of which the first to say something wins, else
    ///     `~/.kube/config`.
    ///   - context: the context's name; nil for `current-context`.
    ///   - environment: looks up an environment variable.
    /// - Throws: `BuildFailure` with code `not_found` if there is no such file, or `invalid_configuration` with the file,
    ///   the line and what to do. Users that need an auth provider, a password or impersonation are refused by name.
    package static func load(
        kubeconfig path: String? = nil,
        context: String? = nil,
        environment: (String) -> String? = SystemInformation.environment
    ) throws(BuildFailure) -> ClusterCredentials {
        let files = try Kubeconfig.locate(path, environment: environment)
        return try Kubeconfig(paths: files).credentials(context: context)
    }

    /// The cluster that the configuration names, else the one of `KUBECONFIG`, else the one that this process runs in, else the one of
    /// `~/.kube/config`.
    ///
    /// - Throws: as `load` and `inCluster`.
    package static func find(
        kubeconfig path: String?,
        context: String?,
        environment: (String) -> String? = SystemInformation.environment
    ) throws(BuildFailure) -> ClusterCredentials {
        let isNamed = path != nil || context != nil || environment("KUBECONFIG")?.isEmpty == false
        if !isNamed, let own = try inCluster(environment: environment) { return own }
        return try load(kubeconfig: path, context: context, environment: environment)
    }

    /// Whether asking again may give another token: what a file holds, or a helper program answers, changes.
    var isRenewable: Bool {
        switch token {
        case nil, .value: false
        case .file, .helper: true
        }
    }

    /// Forgets what is kept of who a refused request said that we are.
    func forget(_ refused: HTTPRequest) async {
        guard case .helper(let helper) = token else { return }
        let token = refused.headers["Authorization"].map { String($0.dropFirst("Bearer ".count)) }
        await helper.forget(token: token, certificate: refused.tls.clientCertificate)
    }

    /// The request with who we are.
    func signed(_ request: HTTPRequest) async throws -> HTTPRequest {
        var request = request
        request.proxy = proxy
        guard case .helper(let helper) = token else {
            request.headers["Authorization"] = try authorization()
            return request
        }
        let credential = try await helper.credential()
        request.headers["Authorization"] = credential.token.map { "Bearer \($0.exposed)" }
        if let certificate = credential.certificate {
            (request.tls.clientCertificate, request.tls.clientKey) = (certificate, credential.key)
        }
        return request
    }

    /// The value of the `Authorization` header for a token that is at hand.
    ///
    /// - Throws: `BuildFailure` if the token's file cannot be read or is empty.
    func authorization() throws(BuildFailure) -> String? {
        switch token {
        case nil, .helper: return nil
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
