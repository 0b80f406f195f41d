internal import BuildModel

/// What a text in the configuration may look like. Each format is checked when the configuration is read, so that a mistake is
/// named there and not hours later by the first build that meets it.
package enum TextFormat: Sendable, Hashable {
    /// Letters, digits, `.`, `_` and `-`, starting with a letter or digit; at most 63.
    case name
    /// A lower-case DNS label, as Kubernetes namespaces are.
    case dnsLabel
    /// A file or directory.
    case path
    case redisURL
    /// A host with an optional port.
    case host
    /// A host, or `*.` and a domain for every host below it.
    case hostPattern
    /// A host or pattern with an optional port, and `http://` in front where a password may go unencrypted.
    case credentialHost
    /// A registry's host, with an optional path in it.
    case repositoryPrefix
    /// `linux/amd64`, `linux/arm64/v8`.
    case platform
    /// A number of bytes from 64 KiB on.
    case byteCount
    /// `START:COUNT` of ids, at least 65536 of them.
    case idRange
    /// Anything that is not empty.
    case any
}

extension TextFormat {
    /// What is allowed, to complete the sentence "it must be ...".
    var expectation: String {
        switch self {
        case .name: "a name of at most 63 letters, digits, '.', '_' and '-' that starts with a letter or digit"
        case .dnsLabel: "a name of at most 63 lower-case letters, digits and '-'"
        case .path: "the path of a file or directory"
        case .redisURL:
            "redis://[user@]host[:port][/database], rediss:// for TLS, unix:///path, redis-sentinel://host,host/primary "
                + "or redis-cluster://host,host"
        case .host: "a host with an optional port, such as registry.example.org:5000"
        case .hostPattern: "a host such as git.example.org, or *.example.org for all below it"
        case .credentialHost:
            "a host with an optional port such as git.example.org:8443, or *.example.org for all below it; http:// in front "
                + "is for one without TLS"
        case .repositoryPrefix: "host[:port][/path] of a registry, such as 127.0.0.1:5000/apps"
        case .platform: "an OCI platform such as linux/amd64"
        case .byteCount: "a number of bytes of at least 65536"
        case .idRange: "START:COUNT of ids, with a COUNT of at least 65536"
        case .any: "a text that is not empty"
        }
    }

    /// An ECMA regular expression for the JSON schema, or nil where a pattern would say nothing.
    var pattern: String? {
        switch self {
        case .name: "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
        case .dnsLabel: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
        case .redisURL: "^(redis|rediss|unix|rediss?-sentinel|rediss?-cluster)://"
        case .hostPattern: "^(\\*\\.)?[^/*\\s]+$"
        case .credentialHost: "^(http://)?(\\*\\.)?[^/*\\s]+$"
        case .host: "^[^/\\s]+$"
        case .platform: "^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?$"
        case .byteCount: "^[0-9]+$"
        case .idRange: "^[0-9]+:[0-9]+$"
        case .path, .repositoryPrefix, .any: nil
        }
    }

    /// Whether the text is allowed.
    func accepts(_ text: String) -> Bool {
        guard !text.isEmpty, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else { return false }
        switch self {
        case .any, .path: return true
        case .name: return Self.isName(text, others: "._-", isLowercase: false)
        case .dnsLabel: return Self.isName(text, others: "-", isLowercase: true) && !text.hasSuffix("-")
        case .redisURL: return Self.isRedisURL(text)
        case .host: return !text.contains { $0 == "/" || $0.isWhitespace || $0 == "@" }
        case .credentialHost:
            return Self.hostPattern.accepts(text.hasPrefix("http://") ? String(text.dropFirst(7)) : text)
        case .hostPattern:
            let host = text.hasPrefix("*.") ? text.dropFirst(2) : text[...]
            return !host.isEmpty && !host.contains { $0 == "/" || $0 == "*" || $0.isWhitespace || $0 == "@" }
        case .repositoryPrefix: return Self.isRepositoryPrefix(text)
        case .platform: return Self.isPlatform(text)
        case .idRange: return WorkerSettings.Sandbox.identities(text) != nil
        case .byteCount: return Int64(text).map { $0 >= 65536 } ?? false
        }
    }

    private static func isName(_ text: String, others: String, isLowercase: Bool) -> Bool {
        func isPlain(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar {
            case "a"..."z", "0"..."9": true
            case "A"..."Z": !isLowercase
            default: false
            }
        }
        guard text.utf8.count <= 63, let first = text.unicodeScalars.first, isPlain(first) else { return false }
        return text.unicodeScalars.allSatisfy { isPlain($0) || others.unicodeScalars.contains($0) }
    }

    private static func isRedisURL(_ text: String) -> Bool {
        let kinds = ["redis", "redis-sentinel", "redis-cluster", "rediss", "rediss-sentinel", "rediss-cluster", "unix"]
        let rest = kinds.map { "\($0)://" }.first(where: text.hasPrefix).map { text.dropFirst($0.count) }
        guard let rest, !rest.isEmpty else { return false }
        return !rest.contains(where: \.isWhitespace)
    }

    /// A prefix is one that makes a reference when a repository is added: so no tag, no digest, no capitals.
    private static func isRepositoryPrefix(_ text: String) -> Bool {
        guard !text.hasSuffix("/"), !text.contains("@"), let first = text.split(separator: "/").first else {
            return false
        }
        let hasHost = first.contains(".") || first.contains(":") || first == "localhost"
        return hasHost && (try? ImageReference(parsing: text + "/x")) != nil
    }

    private static func isPlatform(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return (2...3).contains(parts.count) && parts.allSatisfy { isName(String($0), others: "_", isLowercase: true) }
    }
}
