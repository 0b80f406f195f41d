internal import BuildModel
internal import Documents
internal import Platform

/// A file in the form of docker's `config.json`, which podman's `auth.json` has too.
struct CredentialFile: Sendable {
    let path: String
    private let document: JSONValue

    /// Reads the file; nil if there is none.
    ///
    /// - Throws: `BuildFailure` that names the file: `invalid_configuration` if it is not JSON, `system`.
    init?(path: String) throws(BuildFailure) {
        guard Files.exists(path) else { return nil }
        self.path = path
        let bytes = try Files.read(path, limit: 4 << 20)
        do {
            document = try JSONDocument.parse(bytes)
        } catch {
            throw Self.invalid(path, "it is not JSON")
        }
    }

    /// The programs that may know a registry's credentials, in the order in which they are asked, each with the name that it knows the
    /// registry by.
    func helpers(for registry: String) -> [(helper: String, server: String)] {
        let names = Self.names(of: registry)
        let own = names.compactMap { name in document["credHelpers"]?[name]?.string.map { (helper: $0, server: name) } }
        let store = document["credsStore"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        return own.prefix(1) + (store.map { store in names.map { (helper: store, server: $0) } } ?? [])
    }

    /// The entry that stands in the file itself. Of podman's keys with a path, the longest that fits wins.
    ///
    /// - Throws: `BuildFailure` with code `invalid_configuration` if there is an entry that nobody can read.
    func identity(for repository: Repository) throws(BuildFailure) -> Identity? {
        guard let entries = document["auths"]?.object else { return nil }
        for key in Self.paths(of: repository) {
            if let entry = entries[key] { return try identity(of: entry, key) }
        }
        let names = Set(Self.names(of: repository.registry).map(Self.host))
        let match = entries.keys.sorted().first { names.contains(Self.host($0)) && !Self.hasPath($0) }
        guard let match, let entry = entries[match] else { return nil }
        return try identity(of: entry, match)
    }

    private func identity(of entry: JSONValue, _ key: String) throws(BuildFailure) -> Identity? {
        func text(_ name: String) -> String? { entry[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }
        if let token = text("identitytoken") { return Identity(.identityToken, secret: Redacted(token)) }
        if let token = text("registrytoken") { return Identity(.registryToken, secret: Redacted(token)) }
        if let username = text("username"), let password = text("password") {
            return Identity(username: username, secret: Redacted(password))
        }
        guard let encoded = text("auth") else { return nil }
        guard let bytes = Base64.decode(encoded), let pair = String(validating: bytes, as: UTF8.self),
            let colon = pair.firstIndex(of: ":")
        else { throw Self.invalid(path, "'auth' of '\(key.prefix(200))' is not user:password in base64") }
        // Some tools pad the password with zero bytes.
        let password = pair[pair.index(after: colon)...].prefix { $0 != "\0" }
        return Identity(username: String(pair[..<colon]), secret: Redacted(String(password)))
    }

    /// Docker Hub goes by several names.
    private static func names(of registry: String) -> [String] {
        guard registry == "docker.io" else { return [registry] }
        return ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"]
    }

    /// `host/a/b/c`, `host/a/b`, `host/a`.
    private static func paths(of repository: Repository) -> [String] {
        let parts = repository.name.split(separator: "/")
        return parts.indices.reversed().map { "\(repository.registry)/" + parts[...$0].joined(separator: "/") }
    }

    /// The host of a key that may be written as a URL, as docker once did.
    private static func host(_ key: String) -> String {
        String(withoutScheme(key).prefix { $0 != "/" })
    }

    private static func hasPath(_ key: String) -> Bool {
        guard let slash = withoutScheme(key).firstIndex(of: "/") else { return false }
        return !["/", "/v1", "/v1/", "/v2", "/v2/"].contains(withoutScheme(key)[slash...])
    }

    private static func withoutScheme(_ key: String) -> Substring {
        ["https://", "http://"].first { key.hasPrefix($0) }.map { key.dropFirst($0.count) } ?? key[...]
    }

    private static func invalid(_ path: String, _ reason: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .invalidConfiguration,
            operation: "registry.credentials",
            message: "The credentials in '\(path)' cannot be used: \(reason)."
        )
    }
}
