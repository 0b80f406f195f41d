/// A certificate authority of a test's own, with a server's and a client's certificate from it, made by openssl.
package struct TestCertificates: Sendable {
    package let authority: String
    package let serverCertificate: String
    package let serverKey: String
    package let clientCertificate: String
    package let clientKey: String

    /// Makes them in a directory.
    ///
    /// - Parameter names: what the server's certificate is for, in openssl's form: `IP:127.0.0.1`, `DNS:localhost`.
    package init(in scratch: Scratch, names: [String] = ["IP:127.0.0.1", "DNS:localhost"]) async throws {
        authority = scratch("ca.crt")
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        try await Command.output(
            ["openssl", "req", "-x509", "-subj", "/CN=Slipway test authority"] + key
                + ["-keyout", scratch("ca.key"), "-out", authority]
        )
        (serverCertificate, serverKey) = (scratch("server.crt"), scratch("server.key"))
        (clientCertificate, clientKey) = (scratch("client.crt"), scratch("client.key"))
        let extensions = "subjectAltName=\(names.joined(separator: ","))"
        for (subject, extra, certificate, keyFile) in [
            ("/CN=server", ["-addext", extensions], serverCertificate, serverKey),
            ("/CN=client", [], clientCertificate, clientKey),
        ] {
            try await Command.output(
                ["openssl", "req", "-x509", "-subj", subject, "-CA", authority, "-CAkey", scratch("ca.key")] + key
                    + extra
                    + ["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", keyFile, "-out", certificate]
            )
        }
    }
}
