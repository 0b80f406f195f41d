internal import Platform

/// `git http-backend` behind lighttpd on a loopback port: every repository under a directory, over http or https, for anybody
/// or for one user.
package final class GitHTTPServer: Sendable {
    package let port: Int
    package let scheme: String
    private let server: ServerProcess

    /// - Parameters:
    ///   - root: the directory with the repositories, as working trees or bare.
    ///   - password: asked for with Basic auth, for the user `builder`; nil lets anybody in.
    ///   - certificates: https instead of http, with the server's certificate of these.
    ///   - redirects: a place that all requests are sent to instead.
    ///   - largeFiles: answers as the repositories' Git LFS server.
    package init(
        root: String,
        scratch: Scratch,
        password: String? = nil,
        certificates: TestCertificates? = nil,
        redirects: String? = nil,
        largeFiles: LargeFileStorage? = nil
    ) async throws {
        port = Port.free()
        scheme = certificates == nil ? "http" : "https"
        let name = "git-http-\(port)"
        try Directories.create(scratch("\(name)-uploads"))
        var lines = Self.base(root: root, port: port, uploads: scratch("\(name)-uploads"))
        if let password {
            let users = try scratch.write("builder:\(password)\n", to: "\(name)-users")
            lines += Self.authentication(users)
        }
        if let certificates {
            lines += [
                "ssl.engine = \"enable\"", "ssl.pemfile = \"\(certificates.serverCertificate)\"",
                "ssl.privkey = \"\(certificates.serverKey)\"",
            ]
        }
        if let redirects { lines.append("url.redirect = ( \"^(.*)$\" => \"\(redirects)$1\" )") }
        if let largeFiles { lines += largeFiles.configuration }
        let file = try scratch.write(lines.joined(separator: "\n") + "\n", to: "\(name).conf")
        server = try await ServerProcess(
            ["/usr/sbin/lighttpd", "-D", "-f", file],
            log: scratch("\(name).log"),
            environment: ["GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"]
        )
        let port = port
        try await eventually("lighttpd listens") { Port.accepts(port) }
    }

    /// The URL of a repository, by its path below the root.
    package func url(_ name: String, user: String? = nil) -> String {
        // A name for https: not every TLS library compares addresses in certificates.
        let host = scheme == "https" ? "localhost" : "127.0.0.1"
        return "\(scheme)://\(user.map { "\($0)@" } ?? "")\(host):\(port)/\(name)"
    }

    package func stop() { server.stop() }

    private static func base(root: String, port: Int, uploads: String) -> [String] {
        [
            "server.modules = ( \"mod_auth\", \"mod_authn_file\", \"mod_openssl\", \"mod_redirect\", \"mod_alias\","
                + " \"mod_setenv\", \"mod_cgi\" )",
            "server.document-root = \"\(root)\"", "server.bind = \"127.0.0.1\"", "server.port = \(port)",
            "server.upload-dirs = ( \"\(uploads)\" )", "server.stream-response-body = 2",
            "alias.url = ( \"/\" => \"/usr/lib/git-core/git-http-backend/\" )",
            "cgi.assign = ( \"\" => \"\" )",
            "setenv.set-environment = ( \"GIT_PROJECT_ROOT\" => \"\(root)\", \"GIT_HTTP_EXPORT_ALL\" => \"1\","
                + " \"GIT_CONFIG_COUNT\" => \"1\", \"GIT_CONFIG_KEY_0\" => \"safe.directory\","
                + " \"GIT_CONFIG_VALUE_0\" => \"*\" )",
        ]
    }

    private static func authentication(_ users: String) -> [String] {
        [
            "auth.backend = \"plain\"", "auth.backend.plain.userfile = \"\(users)\"",
            "auth.require = ( \"/\" => ( \"method\" => \"basic\", \"realm\" => \"git\","
                + " \"require\" => \"valid-user\" ) )",
        ]
    }
}
