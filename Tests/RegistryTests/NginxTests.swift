import BuildModel
import HTTPTransport
import Platform
import Registry
import TestSupport
import Testing

@Suite("A real registry behind nginx")
struct NginxTests {
    let http = StrictFixture().http

    @Test("a body limit of 1 MB is learned, and a client certificate is shown to who asks for one")
    func limitAndMutualTLS() async throws {
        let registry = try await RegistryServer()
        let scratch = try Scratch()
        let certificates = try await TestCertificates(in: scratch)
        let port = Port.free()
        let proxy = try await nginx(scratch, certificates, port: port, upstream: registry.port)
        let host = "127.0.0.1:\(port)"
        var settings = StrictFixture.settings()
        settings.certificateAuthorityFiles[host] = certificates.authority
        let image = StrictFixture.image([StrictFixture.blob(3_500_000), StrictFixture.blob(1000)])
        let target = ImageReference(registry: host, repository: "team/app", tag: "v1")

        let stranger = RegistryClient(settings: settings, http: http)
        let failure = try await #require(throws: BuildFailure.self) {
            try await stranger.push(image, to: target, confirm: {}, log: CollectedLog())
        }
        #expect(failure.message.contains("400"), "\(failure)")

        let pair = try Files.read(certificates.clientCertificate) + Files.read(certificates.clientKey)
        let text = String(decoding: pair, as: UTF8.self)
        settings.clientCertificateFiles[host] = try scratch.write(text, to: "client.pem", mode: 0o600)
        let client = RegistryClient(settings: settings, http: http)
        _ = try await client.push(image, to: target, confirm: {}, log: CollectedLog())
        let again = try await client.push(image, to: target, confirm: {}, log: CollectedLog())
        #expect(again.uploadedBytes == 0)
        #expect(try await client.probe(host, repository: nil).knowledge.chunkBytes == 1 << 20)
        proxy.stop()
    }

    private func nginx(
        _ scratch: Scratch,
        _ certificates: TestCertificates,
        port: Int,
        upstream: Int
    ) async throws -> ServerProcess {
        let file = try scratch.write(
            """
            user root; daemon off; pid \(scratch("nginx.pid")); error_log stderr; worker_processes 1;
            events {}
            http {
              access_log off; client_body_temp_path \(scratch("body")); proxy_temp_path \(scratch("proxy"));
              fastcgi_temp_path \(scratch("f")); uwsgi_temp_path \(scratch("u")); scgi_temp_path \(scratch("s"));
              client_max_body_size 1m;
              server {
                listen 127.0.0.1:\(port) ssl;
                ssl_certificate \(certificates.serverCertificate); ssl_certificate_key \(certificates.serverKey);
                ssl_client_certificate \(certificates.authority); ssl_verify_client on;
                location / {
                  proxy_pass http://127.0.0.1:\(upstream);
                  proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto https;
                }
              }
            }
            """,
            to: "nginx.conf"
        )
        let words = ["/usr/sbin/nginx", "-e", "stderr", "-p", scratch.path, "-c", file]
        let process = try await ServerProcess(words, log: scratch("nginx.log"))
        try await eventually("nginx listens") { Port.accepts(port) }
        return process
    }
}
