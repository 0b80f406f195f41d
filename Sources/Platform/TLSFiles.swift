/// How a TLS client trusts a server, and who it is itself.
package struct TLSFiles: Sendable, Hashable {
    /// Authorities that are trusted, as PEM; the system's without it.
    package var certificateAuthorityFile: String?
    /// The client's own certificate with its chain, as PEM; none without it.
    package var clientCertificateFile: String?
    /// The key of that certificate, as PEM; without it, it stands in the same file.
    package var clientKeyFile: String?

    package init(
        certificateAuthorityFile: String? = nil,
        clientCertificateFile: String? = nil,
        clientKeyFile: String? = nil
    ) {
        self.certificateAuthorityFile = certificateAuthorityFile
        self.clientCertificateFile = clientCertificateFile
        self.clientKeyFile = clientKeyFile
    }
}
