internal import Platform

/// A private certificate authority and a certificate of it for 127.0.0.1, made by openssl.
package struct GitCertificate: Sendable {
    /// PEM of the authority, to trust.
    package let authorityFile: String
    /// PEM of the server's key and certificate.
    package let serverFile: String

    package init(scratch: Scratch) async throws {
        let prefix = scratch("tls-\(UInt32.random(in: 0 ... .max))")
        authorityFile = "\(prefix)-authority.pem"
        serverFile = "\(prefix)-server.pem"
        try await Command.output([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", "\(prefix)-authority.key", "-out", authorityFile, "-days", "3650", "-subj", "/CN=Slipway test",
        ])
        try await Command.output([
            "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", "\(prefix).key", "-out", "\(prefix).csr", "-subj", "/CN=127.0.0.1",
        ])
        let names = "\(prefix).ext"
        try Files.writeAtomically(Array("subjectAltName=IP:127.0.0.1,DNS:localhost\n".utf8), to: names)
        try await Command.output([
            "openssl", "x509", "-req", "-in", "\(prefix).csr", "-CA", authorityFile, "-CAkey",
            "\(prefix)-authority.key", "-CAcreateserial", "-out", "\(prefix).crt", "-days", "3650", "-extfile", names,
        ])
        let both = try Files.read("\(prefix).key") + Files.read("\(prefix).crt")
        try Files.writeAtomically(both, to: serverFile, mode: 0o600)
    }
}
