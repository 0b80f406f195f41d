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
        let front = try await Front()
        let host = front.host
        var settings = StrictFixture.settings()
        settings.certificateAuthorityFiles[host] = front.certificates.authority
        let image = StrictFixture.image([StrictFixture.blob(3_500_000), StrictFixture.blob(1000)])
        let target = ImageReference(registry: host, repository: "team/app", tag: "v1")

        let stranger = RegistryClient(settings: settings, http: http)
        let failure = try await #require(throws: BuildFailure.self) {
            try await stranger.push(image, to: target, confirm: {}, log: CollectedLog())
        }
        #expect(failure.message.contains("400"), "\(failure)")

        settings = try front.settings()
        let client = RegistryClient(settings: settings, http: http)
        _ = try await client.push(image, to: target, confirm: {}, log: CollectedLog())
        let again = try await client.push(image, to: target, confirm: {}, log: CollectedLog())
        #expect(again.uploadedBytes == 0)
        #expect(try await client.probe(host, repository: nil).knowledge.chunkBytes == 1 << 20)
    }

    @Test("a proxy that ends TLS and does not tell the registry is named, and can be lived with")
    func hiddenTLS() async throws {
        let front = try await Front(tellsTLS: false)
        let host = front.host
        var settings = try front.settings()
        let image = StrictFixture.image([StrictFixture.blob(1000)])
        let target = ImageReference(registry: host, repository: "team/app", tag: "v1")
        let strict = RegistryClient(settings: settings, http: http)
        let failure = try await #require(throws: BuildFailure.self) {
            try await strict.push(image, to: target, confirm: {}, log: CollectedLog())
        }
        #expect(failure.message.contains("registries.hiddenTLS"), "\(failure)")
        settings.hiddenTLS = [host]
        let client = RegistryClient(settings: settings, http: http)
        _ = try await client.push(image, to: target, confirm: {}, log: CollectedLog())
    }

    @Test("a list of referrers goes on behind such a proxy too")
    func hiddenTLSPages() async throws {
        let fake = try FakeRegistry { request, _ in
            guard request.target.contains("/referrers/") else { return false }
            let isLast = request.target.hasSuffix("?page=2")
            let digest = "sha256:" + String(repeating: isLast ? "b" : "a", count: 64)
            let entry = #"{"mediaType":"\#(MediaType.ociManifest)","digest":"\#(digest)","size":1}"#
            let next = "<http://\(request.headers["host"] ?? "")\(request.target)?page=2>; rel=\"next\""
            request.respond(200, isLast ? [:] : ["Link": next], body: #"{"manifests":[\#(entry)]}"#)
            return true
        }
        let port = try HTTPURL(parsing: "http://\(fake.host)/").effectivePort
        let front = try await Front(tellsTLS: false, upstream: port)
        var settings = try front.settings()
        settings.hiddenTLS = [front.host]
        let client = RegistryClient(settings: settings, http: http)
        let reference = ImageReference(registry: front.host, repository: "team/app")
        #expect(try await client.referrers(of: Digest(of: "subject"), in: reference).count == 2)
    }

    @Test("small requests go over one connection of HTTP/2, and bodies of blobs over others")
    func protocols() async throws {
        let front = try await Front()
        let host = front.host
        // Connections of its own, so that none is there already.
        let own = HTTPClient(label: "http.test")
        let client = RegistryClient(settings: try front.settings(), http: own)
        let image = StrictFixture.image((0..<8).map { _ in StrictFixture.blob(20_000) })
        let target = ImageReference(registry: host, repository: "team/app", tag: "v1")
        _ = try await client.push(image, to: target, confirm: {}, log: CollectedLog())
        await own.shutdown()
        front.proxy.stop()
        let text = String(decoding: try Files.read(front.scratch("access.log")), as: UTF8.self)
        // Method, protocol, number of the connection.
        let requests = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        let small = requests.filter { ["HEAD", "POST"].contains($0[0]) }
        let bulk = requests.filter { $0[0] == "PUT" && $0[3].contains("/blobs/") }
        #expect(small.count > 16 && small.allSatisfy { $0[1] == "HTTP/2.0" }, "\(small)")
        #expect(Set(small.map { $0[2] }).count == 1, "\(small)")
        #expect(bulk.count == 9 && bulk.allSatisfy { $0[1] == "HTTP/1.1" }, "\(bulk)")
        #expect(Set(bulk.map { $0[2] }).isDisjoint(with: small.map { $0[2] }))
    }
}

/// A real registry with nginx before it, which speaks https, wants a client certificate and takes bodies of up to 1 MB.
private struct Front {
    let scratch: Scratch
    let certificates: TestCertificates
    let host: String
    let proxy: ServerProcess
    private let registry: RegistryServer?

    /// - Parameter upstream: the port of another registry than a real one.
    init(tellsTLS: Bool = true, upstream: Int? = nil) async throws {
        scratch = try Scratch()
        registry = upstream == nil ? try await RegistryServer() : nil
        certificates = try await TestCertificates(in: scratch)
        let port = Port.free()
        host = "127.0.0.1:\(port)"
        let behind = upstream ?? registry?.port ?? 0
        proxy = try await Self.nginx(scratch, certificates, port: port, upstream: behind, tellsTLS: tellsTLS)
    }

    /// With everything that the front wants to see.
    func settings() throws -> RegistrySettings {
        var settings = StrictFixture.settings()
        settings.certificateAuthorityFiles[host] = certificates.authority
        let pair = try Files.read(certificates.clientCertificate) + Files.read(certificates.clientKey)
        let text = String(decoding: pair, as: UTF8.self)
        settings.clientCertificateFiles[host] = try scratch.write(text, to: "client.pem", mode: 0o600)
        return settings
    }

    private static func nginx(
        _ scratch: Scratch,
        _ certificates: TestCertificates,
        port: Int,
        upstream: Int,
        tellsTLS: Bool
    ) async throws -> ServerProcess {
        let file = try scratch.write(
            """
            user root; daemon off; pid \(scratch("nginx.pid")); error_log stderr; worker_processes 1;
            events {}
            http {
              log_format short '$request_method $server_protocol $connection $uri'; access_log \(scratch("access.log")) short;
              client_body_temp_path \(scratch("body")); proxy_temp_path \(scratch("proxy"));
              fastcgi_temp_path \(scratch("f")); uwsgi_temp_path \(scratch("u")); scgi_temp_path \(scratch("s"));
              client_max_body_size 1m;
              server {
                listen 127.0.0.1:\(port) ssl http2;
                ssl_certificate \(certificates.serverCertificate); ssl_certificate_key \(certificates.serverKey);
                ssl_client_certificate \(certificates.authority); ssl_verify_client on;
                location / {
                  proxy_pass http://127.0.0.1:\(upstream);
                  proxy_set_header Host $http_host; \(tellsTLS ? "proxy_set_header X-Forwarded-Proto https;" : "")
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
