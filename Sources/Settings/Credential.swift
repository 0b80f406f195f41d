package import Platform

/// Who the worker is at a host.
package struct Credential: Sendable, Hashable {
    /// A host with an optional port, or `*.` and a domain.
    package var host: String
    package var username: String
    package var password: Redacted<String>
}
