internal import BuildModel
internal import HTTPTransport

/// One repository of one registry, with the URL that it is reached by: distribution spec, "Definitions".
struct Repository: Sendable, Hashable {
    /// The registry as references name it.
    let registry: String
    /// Scheme, host and port; no path.
    let base: HTTPURL
    /// The repository's name there.
    let name: String

    /// The URL of something in the repository: `/v2/<name>/<path>`.
    func url(_ path: String) throws(BuildFailure) -> HTTPURL {
        try HTTPURL(parsing: "\(base.scheme)://\(base.authority)/v2/\(name)/\(path)")
    }

    /// The scope of a token for this repository: distribution's token specification.
    func scope(_ actions: String) -> String { "repository:\(name):\(actions)" }

    /// For messages: `host/name`.
    var description: String { "\(registry)/\(name)" }

    /// A manifest or blob here.
    func reference(_ digest: Digest? = nil) -> ImageReference {
        ImageReference(registry: registry, repository: name, digest: digest)
    }
}

extension RegistrySettings {
    /// The repository that a reference names, past all mirrors.
    ///
    /// - Throws: `BuildFailure` with code `invalid_configuration` if the host is none.
    func repository(of reference: ImageReference) throws(BuildFailure) -> Repository {
        try repository(named: reference.repository, at: reference.registry)
    }

    /// Where an image is looked for: the mirrors of its registry in order, then the registry.
    func places(of reference: ImageReference) throws(BuildFailure) -> [Repository] {
        var places: [Repository] = []
        for mirror in mirrors[reference.registry] ?? [] {
            let slash = mirror.firstIndex(of: "/") ?? mirror.endIndex
            let path = mirror[slash...].split(separator: "/").joined(separator: "/")
            let name = path.isEmpty ? reference.repository : "\(path)/\(reference.repository)"
            places.append(try repository(named: name, at: String(mirror[..<slash])))
        }
        return places + [try repository(of: reference)]
    }

    private func repository(named name: String, at registry: String) throws(BuildFailure) -> Repository {
        // Docker Hub's API lives on another host than its names say.
        let host = registry == "docker.io" ? "registry-1.docker.io" : registry
        do {
            let base = try HTTPURL(parsing: "\(isPlain(registry) ? "http" : "https")://\(host)")
            guard base.target == "/" else { throw HTTPURL.invalidHost(host) }
            return Repository(registry: registry, base: base, name: name)
        } catch {
            throw HTTPURL.invalidHost(host)
        }
    }

    private func isPlain(_ registry: String) -> Bool {
        if plainHTTP.contains(registry) { return true }
        return HTTPURL.isLoopback(HTTPURL.hostName(of: registry)) && certificateAuthorityFiles[registry] == nil
    }
}

extension HTTPURL {
    fileprivate static func invalidHost(_ host: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .invalidConfiguration,
            operation: "registry.resolve",
            message:
                "'\(host.prefix(200))' is not the host of a registry: expected a name or address with an optional port."
        )
    }

    /// `host` of `host:port`, without the brackets of an IPv6 address.
    static func hostName(of authority: String) -> String {
        if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
        return String(authority.prefix { $0 != ":" })
    }

    /// Whether a host means this machine.
    static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.isIPv4)
    }

    /// Whether a host is an address that is reached only from inside: loopback, link-local, private. RFC 1918, 3927, 4193.
    static func isInternalAddress(_ host: String) -> Bool {
        if isLoopback(host) { return true }
        if host.contains(":") {
            return ["fe8", "fe9", "fea", "feb", "fc", "fd", "::"].contains { host.hasPrefix($0) }
        }
        guard host.isIPv4 else { return false }
        let parts = host.split(separator: ".").compactMap { Int($0) }
        switch (parts[0], parts[1]) {
        case (0, _), (10, _), (127, _), (169, 254), (192, 168), (172, 16...31): return true
        default: return false
        }
    }
}

extension String {
    fileprivate var isIPv4: Bool {
        let parts = split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}
