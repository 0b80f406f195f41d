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
            let (host, path) = Self.parts(of: mirror)
            let name = path.isEmpty ? reference.repository : "\(path)/\(reference.repository)"
            places.append(try repository(named: name, at: host))
        }
        return places + [try repository(of: reference)]
    }

    /// Where the blobs of an image may be that was found in a repository: there, then in the other mirrors of the same registry,
    /// then in that registry itself.
    func alternatives(to reference: ImageReference) throws(BuildFailure) -> [Repository] {
        var alternatives = [try repository(of: reference)]
        for (registry, mirrors) in mirrors {
            for mirror in mirrors {
                let (host, path) = Self.parts(of: mirror)
                let prefix = path.isEmpty ? "" : "\(path)/"
                guard host == reference.registry, reference.repository.hasPrefix(prefix) else { continue }
                let name = String(reference.repository.dropFirst(prefix.count))
                let own = try places(of: ImageReference(registry: registry, repository: name))
                alternatives += own.filter { !alternatives.contains($0) }
            }
        }
        return alternatives
    }

    /// Whether a repository is one of a configured mirror.
    func isMirror(_ repository: Repository) -> Bool {
        mirrors.values.joined().contains { mirror in
            let (host, path) = Self.parts(of: mirror)
            return host == repository.registry && (path.isEmpty || repository.name.hasPrefix("\(path)/"))
        }
    }

    /// Host and path of a mirror.
    private static func parts(of mirror: String) -> (host: String, path: String) {
        let slash = mirror.firstIndex(of: "/") ?? mirror.endIndex
        return (String(mirror[..<slash]), mirror[slash...].split(separator: "/").joined(separator: "/"))
    }

    private func repository(named name: String, at registry: String) throws(BuildFailure) -> Repository {
        Repository(registry: registry, base: try base(of: registry), name: name)
    }

    /// The URL of a registry.
    func base(of registry: String) throws(BuildFailure) -> HTTPURL {
        // Docker Hub's API lives on another host than its names say.
        let host = registry == "docker.io" ? "registry-1.docker.io" : registry
        do {
            let base = try HTTPURL(parsing: "\(isPlain(registry) ? "http" : "https")://\(host)")
            guard base.target == "/" else { throw Self.invalidHost(host) }
            return base
        } catch {
            throw Self.invalidHost(host)
        }
    }

    private func isPlain(_ registry: String) -> Bool {
        if plainHTTP.contains(registry) { return true }
        let saysTLS =
            insecure.contains(registry) || certificateAuthorityFiles[registry] != nil
            || clientCertificateFiles[registry] != nil
        return Host(ofAuthority: registry).isLoopback && !saysTLS
    }

    private static func invalidHost(_ host: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .invalidConfiguration,
            operation: "registry.resolve",
            message:
                "'\(host.prefix(200))' is not the host of a registry: expected a name or address with an optional port."
        )
    }
}
