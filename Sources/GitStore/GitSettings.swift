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

/// A name and a password for the hosts that match a pattern.
package struct GitCredential: Sendable, Hashable {
    /// A host name or `*.example.org`.
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
