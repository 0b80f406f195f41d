/// The name of an image in a registry: `host[:port]/repository[:tag][@digest]`.
///
/// Distribution spec, "Pulling manifests"; short names mean Docker Hub, as everywhere: `python:3` is
/// `docker.io/library/python:3`.
package struct ImageReference: Sendable, Hashable, Codable {
    /// Host with optional port, such as `docker.io`, `127.0.0.1:5000`, `[::1]:5000`.
    package var registry: String
    /// The repository within the registry, such as `library/python`.
    package var repository: String
    package var tag: String?
    package var digest: Digest?

    package init(registry: String, repository: String, tag: String? = nil, digest: Digest? = nil) {
        self.registry = registry
        self.repository = repository
        self.tag = tag
        self.digest = digest
    }

    /// Parses a reference.
    ///
    /// - Throws: `BuildFailure` with code `invalid_reference` that shows the text and says which part is wrong.
    package init(parsing text: String) throws(BuildFailure) {
        var rest = text[...]
        if let at = rest.firstIndex(of: "@") {
            digest = try Digest(parsing: String(rest[rest.index(after: at)...]))
            rest = rest[..<at]
        }
        let lastSlash = rest.lastIndex(of: "/") ?? rest.startIndex
        if let colon = rest[lastSlash...].lastIndex(of: ":") {
            let found = String(rest[rest.index(after: colon)...])
            guard Self.isTag(found) else { throw Self.invalid(text, "'\(found)' is not a tag") }
            tag = found
            rest = rest[..<colon]
        }
        (registry, repository) = Self.split(rest)
        guard Self.isRepository(repository) else {
            throw Self.invalid(
                text,
                "'\(repository)' is not a repository name (lower-case letters, digits, . _ - and /)"
            )
        }
        guard registry.utf8.count + 1 + repository.utf8.count <= 255 else { throw Self.invalid(text, "it is too long") }
    }

    /// What Docker Hub is called in names. Its own images lie under `library`, also where that is not written.
    private static let hubNames: Set<String> = ["docker.io", "index.docker.io", "registry-1.docker.io"]

    private static func split(_ name: Substring) -> (registry: String, repository: String) {
        if let slash = name.firstIndex(of: "/") {
            let first = name[..<slash]
            let rest = String(name[name.index(after: slash)...])
            if hubNames.contains(String(first)) { return ("docker.io", rest.contains("/") ? rest : "library/\(rest)") }
            if first.contains(".") || first.contains(":") || first == "localhost" { return (String(first), rest) }
            return ("docker.io", String(name))
        }
        return ("docker.io", "library/\(name)")
    }

    private static func invalid(_ text: String, _ reason: String) -> BuildFailure {
        BuildFailure(
            .code,
            BuildFailure.Code(rawValue: "invalid_reference"),
            operation: "reference.parse",
            message:
                "'\(text.prefix(300))' is not an image reference: \(reason). Expected host[:port]/repository[:tag]."
        )
    }
}

extension ImageReference: CustomStringConvertible {
    package var description: String {
        "\(registry)/\(repository)" + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }

    /// The name and tag, without a digest.
    package var tagged: String {
        ImageReference(registry: registry, repository: repository, tag: tag).description
    }

    /// The same image with a digest, if it has none of its own.
    package func held(to digest: Digest?) -> ImageReference {
        ImageReference(registry: registry, repository: repository, tag: tag, digest: self.digest ?? digest)
    }

    /// The same image by digest alone.
    package func pinned(to digest: Digest) -> ImageReference {
        ImageReference(registry: registry, repository: repository, tag: nil, digest: digest)
    }
}
