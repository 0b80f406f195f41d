internal import BuildModel
internal import Platform

/// The certificate authorities that steps trust.
enum Authorities {
    /// Where Debian, Fedora, Alpine and openSUSE have theirs in one file.
    private static let usual = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
        "/etc/ssl/ca-bundle.pem",
    ]

    /// The PEM file's bytes, or nil where none is configured and the node has none.
    ///
    /// - Throws: `BuildFailure` if the configured one cannot be read, or is no PEM file.
    static func bytes(_ file: String?) throws(BuildFailure) -> [UInt8]? {
        guard let path = file ?? usual.first(where: Files.exists) else { return nil }
        let bytes = try Files.read(path, limit: 8 << 20)
        guard !bytes.contains(0) else { throw .sandbox("'\(path)' is no PEM file with certificate authorities.") }
        return bytes
    }
}
