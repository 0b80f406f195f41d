package import Platform

/// How registries are reached. Keys are hosts as image references write them: `registry.example`, `127.0.0.1:5000`.
package struct RegistrySettings: Sendable {
    /// A user of a registry.
    package struct Credential: Sendable, Hashable {
        package var username: String
        package var password: Redacted<String>

        package init(username: String, password: Redacted<String>) {
            self.username = username
            self.password = password
        }
    }

    /// Where images of a registry are looked for before the registry itself, in order: a host with optional port, and
    /// optionally a path that stands before the repository, such as `mirror.internal:5000/hub`.
    package var mirrors: [String: [String]] = [:]
    /// Hosts that are spoken to without TLS. Loopback hosts are so anyway, unless they have a certificate authority file.
    package var plainHTTP: Set<String> = []
    /// PEM files of the authorities that are trusted for a host, in place of the system's.
    package var certificateAuthorityFiles: [String: String] = [:]
    /// Who we are at a host; a host without an entry is used anonymously.
    package var credentials: [String: Credential] = [:]
    /// An existing directory for blobs on their way from one registry to another.
    package var spoolDirectory = "/var/tmp"

    package init() {}
}
