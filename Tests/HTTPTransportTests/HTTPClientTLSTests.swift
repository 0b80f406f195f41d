import BuildModel
import HTTPTransport
import Platform
import TestSupport
import Testing

@Suite("TLS")
struct HTTPClientTLSTests {
    let client = HTTPClient(label: "http.test")

    @Test("a private authority is accepted when it is given, and refused in words when not")
    func privateAuthority() async throws {
        let server = try await TLSServer()
        var request = HTTPRequest(.get, server.url)
        let failure = try await #require(throws: BuildFailure.self) { try await client.execute(request) }
        #expect(failure.code == .untrustedCertificate)
        #expect(failure.message.contains("127.0.0.1:\(server.port)"))
        #expect(!failure.isRetryable)

        request.tls.certificateAuthorities = try Files.read(server.certificates.authority)
        let (response, _) = try await client.execute(request)
        #expect(response.status == 200)
    }

    @Test("given authorities replace the system's")
    func otherAuthority() async throws {
        let server = try await TLSServer()
        let scratch = try Scratch()
        let other = try await TestCertificates(in: scratch)
        var request = HTTPRequest(.get, server.url)
        request.tls.certificateAuthorities = try Files.read(other.authority)
        let failure = try await #require(throws: BuildFailure.self) { try await client.execute(request) }
        #expect(failure.code == .untrustedCertificate)
    }

    @Test("a certificate for another name is refused, unless that name is expected")
    func serverName() async throws {
        let server = try await TLSServer(names: ["DNS:registry.internal"])
        var request = HTTPRequest(.get, server.url)
        request.tls.certificateAuthorities = try Files.read(server.certificates.authority)
        let failure = try await #require(throws: BuildFailure.self) { try await client.execute(request) }
        #expect(failure.code == .untrustedCertificate)

        request.tls.serverName = "registry.internal"
        let (response, _) = try await client.execute(request)
        #expect(response.status == 200)
    }

    @Test("any certificate is accepted only on demand")
    func anyCertificate() async throws {
        let server = try await TLSServer(names: ["DNS:registry.internal"])
        var request = HTTPRequest(.get, server.url)
        request.tls.allowsAnyCertificate = true
        let (response, _) = try await client.execute(request)
        #expect(response.status == 200)
    }

    @Test("a server that wants a client certificate gets it")
    func clientCertificate() async throws {
        let server = try await TLSServer(options: ["-Verify", "1", "-verify_return_error"])
        var request = HTTPRequest(.get, server.url)
        request.tls.certificateAuthorities = try Files.read(server.certificates.authority)
        await #expect(throws: BuildFailure.self) { try await client.execute(request) }

        request.tls.clientCertificate = try Files.read(server.certificates.clientCertificate)
        request.tls.clientKey = Redacted(try Files.read(server.certificates.clientKey))
        let (response, _) = try await client.execute(request)
        #expect(response.status == 200)

        request.tls.clientKey = Redacted(Array("no key".utf8))
        let failure = try await #require(throws: BuildFailure.self) { try await client.execute(request) }
        #expect(failure.code == .invalidConfiguration)
    }

    /// `openssl s_server` with certificates of its own; answers every GET with a page.
    private final class TLSServer: Sendable {
        let port = Port.free()
        let certificates: TestCertificates
        private let scratch: Scratch
        private let process: ServerProcess

        var url: String { "https://127.0.0.1:\(port)/" }

        init(names: [String] = ["IP:127.0.0.1"], options: [String] = []) async throws {
            scratch = try Scratch()
            certificates = try await TestCertificates(in: scratch, names: names)
            process = try await ServerProcess(
                [
                    "/usr/bin/openssl", "s_server", "-www", "-accept", "127.0.0.1:\(port)", "-CAfile",
                    certificates.authority,
                    "-cert", certificates.serverCertificate, "-key", certificates.serverKey,
                ] + options,
                log: scratch("log")
            )
            let port = port
            try await eventually("openssl listens") { Port.accepts(port) }
        }
    }
}
