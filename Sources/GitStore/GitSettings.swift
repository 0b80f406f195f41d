package import Platform

/// How repositories may be fetched, and where their mirrors are kept.
package struct GitSettings: Sendable {
    /// The directory of the mirrors; made when it is not there.
    package var directory: String
    /// URL schemes that requests may use; `file` only where an operator adds it.
    package var allowedSchemes: Set<String> = ["https", "http", "ssh", "git"]
    /// Host names, or patterns such as `*.example.org`; empty for any host.
    package var allowedHosts: [String] = []
    /// Names and passwords (or tokens) for hosts, first match first.
    package var credentials: [GitCredential] = []
    /// What becomes of submodules.
    package var submodules = SubmodulePolicy.anonymous
    /// What becomes of files that are in Git LFS.
    package var largeFiles = LargeFilePolicy.fetch
    /// An OpenSSH private key, for hosts that are reached by ssh.
    package var sshKeyFile: String?
    package var sshKeyPassphrase: Redacted<String>?
    /// Whether to ask the agent at `SSH_AUTH_SOCK`.
    package var usesSSHAgent = false
    /// Keys of ssh hosts; nil for `~/.ssh/known_hosts`.
    package var knownHostsFile: String?
    /// PEM certificates that https servers may be signed by; nil for `SSL_CERT_FILE`, else the system's. One per process:
    /// libgit2 keeps it for all of its connections.
    package var certificateAuthorityFile: String?
    /// The most objects that one fetch may bring.
    package var maximumObjects = 5_000_000
    /// The most bytes that one fetch may bring.
    package var maximumBytes: Int64 = 8 << 30
    /// The most bytes of memory that the library may hold in one fetch.
    package var maximumMemory = 2 << 30
    /// The most bytes that a server may send before it sends objects: the names of branches and tags, above all.
    package var maximumPreamble: Int64 = 128 << 20
    /// The largest file that is read.
    package var maximumBlobBytes: Int64 = 4 << 30
    /// How long one fetch may take, waiting for other fetches of the same repository included.
    package var timeout: Duration = .seconds(600)
    /// How long a server may say nothing.
    package var idleTimeout: Duration = .seconds(60)

    package init(directory: String) {
        self.directory = directory
    }
}

/// How the submodules of a repository are fetched. Their URLs stand in the repository, so whoever writes that chooses them.
package enum SubmodulePolicy: String, Sendable, Hashable {
    /// Over http and https, without any credential; from the host of the repository itself, or from those that
    /// `GitSettings.allowedHosts` names.
    case anonymous
    /// As the repository itself, with the credentials of the configuration and of its URL.
    case trusted
    /// Not at all: a tree with a submodule cannot be built.
    case refuse
}

/// What becomes of files of which git has pointers alone, by `filter=lfs` in `.gitattributes`.
package enum LargeFilePolicy: String, Sendable, Hashable {
    /// They are fetched from the repository's Git LFS server and stand in the tree.
    case fetch
    /// A tree with one cannot be built.
    case refuse
    /// The tree has the pointers, as git has them.
    case keep
}

/// A name and a password for the hosts that match a pattern.
package struct GitCredential: Sendable, Hashable {
    /// A host name or `*.example.org`; with `:port` for one that is not the scheme's own, and `http://` in front for a server
    /// without TLS.
    package var host: String
    package var username: String
    /// A password or token.
    package var password: Redacted<String>

    package init(host: String, username: String, password: Redacted<String>) {
        self.host = host
        self.username = username
        self.password = password
    }
}

/// Host names against patterns.
enum HostPattern {
    /// Whether `pattern` is `host`, or `*.` and a domain that `host` is in (not the domain itself); case does not matter.
    static func matches(_ pattern: String, host: String) -> Bool {
        let pattern = pattern.lowercased()
        let host = host.lowercased()
        guard pattern.hasPrefix("*.") else { return pattern == host }
        return host.hasSuffix(pattern.dropFirst()) && host.utf8.count > pattern.utf8.count - 1
    }
}

/// Where a configured password may be shown: on the port that it was meant for, and unencrypted only where somebody wrote so.
struct CredentialPlace {
    private static let plain = "http://"
    private let isPlain: Bool
    private let pattern: String
    private let port: Int?

    /// - Parameter text: as in `GitCredential.host`.
    init(_ text: String) {
        let text = text.lowercased()
        isPlain = text.hasPrefix(Self.plain)
        var rest = isPlain ? text.dropFirst(Self.plain.count) : text[...]
        var host = rest.prefix { $0 != ":" }
        if rest.hasPrefix("[") {
            host = rest.dropFirst().prefix { $0 != "]" }
            rest = rest.dropFirst(host.count + 2)
        } else if rest.count(where: { $0 == ":" }) > 1 {
            // An address of IPv6 without brackets, which has no room for a port.
            (host, rest) = (rest, "")
        } else {
            rest = rest.dropFirst(host.count)
        }
        pattern = String(host)
        // A port that is none matches nothing.
        port = rest.isEmpty ? nil : Int(rest.dropFirst()) ?? 0
    }

    func admits(_ url: RepositoryURL) -> Bool {
        guard isPlain == (url.scheme == "http"), HostPattern.matches(pattern, host: url.host) else { return false }
        return port.map { $0 == url.effectivePort } ?? url.isOnDefaultPort
    }
}
