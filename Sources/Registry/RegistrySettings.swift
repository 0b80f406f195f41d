package import HTTPTransport
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
    /// Hosts that are spoken to without TLS. Loopback hosts are so anyway, unless something about their TLS is configured.
    package var plainHTTP: Set<String> = []
    /// Hosts whose certificate is not checked, and with them the token servers that they name.
    package var insecure: Set<String> = []
    /// PEM files of the authorities that are trusted for a host, in place of the system's.
    package var certificateAuthorityFiles: [String: String] = [:]
    /// PEM files with the certificate, its chain and the key that we show to a host that asks for a certificate.
    package var clientCertificateFiles: [String: String] = [:]
    /// Who we are at a host; a host without an entry is looked for in `credentialFiles`.
    package var credentials: [String: Credential] = [:]
    /// Files in the form of docker's `config.json` or podman's `auth.json`, in order; one that is not there is passed over.
    package var credentialFiles: [String] = []
    /// Where credential helpers are looked for, in the form of `PATH`, and the shell that starts them; nil for this process's own.
    package var helperPath: String?
    /// The most bytes that one request of an upload may have, by host: for proxies that limit the size of requests.
    package var chunkBytes: [String: Int64] = [:]
    /// Hosts behind a proxy that ends TLS and hides it from the registry: the `http` in their answers means `https`.
    package var hiddenTLS: Set<String> = []
    /// Where what was learned of hosts is kept, a JSON file; nil to forget it with the client.
    package var knowledgeFile: String?
    /// Where is kept in which repositories blobs were seen, to mount them from there: a journal; nil to forget it with the client.
    package var sightingsFile: String?
    /// How long a registry may take to answer once it has all of a blob; a second for each 20 MiB more. A transfer that stands still
    /// before that is given up after a minute, or after this if it is shorter.
    package var patience = Duration.seconds(120)
    /// The longest wait after a first failure; doubled with each.
    package var firstDelay = Duration.milliseconds(500)
    /// What is connected to for registries that are no mirrors, and for whatever those lead to.
    package var reach = HTTPReach.anywhere
    /// An existing directory for blobs on their way from one registry to another.
    package var spoolDirectory = "/var/tmp"

    package init() {}

    /// The same places, reached by somebody who is nobody there, and only where everybody gets to; nothing is remembered of it.
    package var anonymous: RegistrySettings {
        var settings = self
        (settings.credentials, settings.credentialFiles, settings.clientCertificateFiles) = ([:], [], [:])
        (settings.knowledgeFile, settings.sightingsFile) = (nil, nil)
        settings.reach = .internet(orPrivate: false)
        return settings
    }
}
