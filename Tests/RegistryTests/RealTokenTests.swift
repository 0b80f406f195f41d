import BuildModel
import HTTPTransport
import Platform
import Registry
import TestSupport
import Testing

@Suite("A real registry that wants tokens")
struct RealTokenTests {
    private static let user = (name: "builder", password: "s3cret")
    let http = StrictFixture().http
    let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    @Test("tokens of 60 seconds are got once for a repository, with the right to mount where that is needed")
    func minuteTokens() async throws {
        let certificates = try await TestCertificates(in: scratch)
        let server = try await TokenServer(certificates, user: Self.user)
        let registry = try await registry(server, certificates)
        let client = RegistryClient(settings: settings(registry), http: http)
        let start = ContinuousClock.now
        var layers = [try await TestImage.layer(size: 100_000), try await TestImage.layer()]
        try await push(TestImage.image(layers), client, registry, "library/base")
        for index in layers.indices {
            layers[index].blob.source = .registry(ImageReference(registry: registry.host, repository: "library/base"))
        }
        let published = try await push(TestImage.image(layers), client, registry, "team/app")
        #expect(published.reusedBytes >= layers.reduce(0) { $0 + $1.blob.descriptor.size })
        let scopes = ["library%2Fbase%3Apull", "team%2Fapp%3Apull%2Cpush"]
        #expect(server.requests.contains { request in scopes.allSatisfy { request.contains($0) } })
        // On a machine so busy that the first has little time left, one more may be got.
        if start.duration(to: .now) < .seconds(20) { #expect(server.requests.count == 3, "\(server.requests)") }
    }

    @Test("a token that ends in the middle of a push, sooner than was said, is replaced and the body sent again")
    func expiry() async throws {
        let certificates = try await TestCertificates(in: scratch)
        let server = try await TokenServer(certificates, user: Self.user, life: 2)
        let registry = try await registry(server, certificates)
        let client = RegistryClient(settings: settings(registry), http: http)
        var slow = try await TestImage.layer(size: 2 << 20)
        guard case .local(let content) = slow.blob.source else { return }
        slow.blob.source = .deferred(
            DeferredContent {
                // It was good when the blob was looked for; one that is got later ends later.
                try await server.waitUntilOver(at: "http://\(registry.host)/v2/team/app/tags/list", Self.user)
                return content
            }
        )
        let image = TestImage.image([slow, try await TestImage.layer()])
        try await push(image, client, registry, "team/app")
        // One of them is not the client's.
        #expect(server.requests.count >= 3)
    }

    @Test("what is configured for a registry's TLS holds for the token server that it names", arguments: [true, false])
    func privateTokenServer(isConfigured: Bool) async throws {
        let certificates = try await TestCertificates(in: scratch)
        let server = try await TokenServer(certificates, user: Self.user, tls: true)
        let registry = try await registry(server, certificates, tls: true)
        var settings = settings(registry)
        let authority = try #require(registry.certificates).authority
        let both = try Files.read(authority) + (isConfigured ? try Files.read(certificates.authority) : [])
        let file = try scratch.write(String(decoding: both, as: UTF8.self), to: "both.pem")
        settings.certificateAuthorityFiles[registry.host] = file
        let client = RegistryClient(settings: settings, http: http)
        let image = TestImage.image([try await TestImage.layer()])
        guard !isConfigured else {
            try await push(image, client, registry, "team/app")
            return
        }
        let failure = try await #require(throws: BuildFailure.self) {
            try await push(image, client, registry, "team/app")
        }
        #expect(failure.code == .untrustedCertificate)
        #expect(failure.message.contains("127.0.0.1:\(server.port)"))
    }

    @Test("a wrong password is what the token server says that it is")
    func wrongPassword() async throws {
        let certificates = try await TestCertificates(in: scratch)
        let server = try await TokenServer(certificates, user: Self.user)
        let registry = try await registry(server, certificates)
        var settings = settings(registry)
        settings.credentials[registry.host] = .init(username: "builder", password: Redacted("wr0ng"))
        let client = RegistryClient(settings: settings, http: http)
        let failure = try await #require(throws: BuildFailure.self) {
            try await push(TestImage.image([]), client, registry, "team/app")
        }
        #expect(failure.code == .unauthorized)
        #expect(failure.message.contains(server.realm) && failure.description.contains("who are you?"), "\(failure)")
        #expect(!failure.description.contains("wr0ng"))
    }

    private func registry(
        _ server: TokenServer,
        _ certificates: TestCertificates,
        tls: Bool = false
    ) async throws -> RegistryServer {
        let access = """
            auth:
              token:
                realm: \(server.realm)
                service: \(TokenServer.service)
                issuer: \(TokenServer.issuer)
                rootcertbundle: \(certificates.authority)

            """
        return try await RegistryServer(tls: tls, access: access)
    }

    private func settings(_ registry: RegistryServer) -> RegistrySettings {
        var settings = StrictFixture.settings()
        settings.credentials[registry.host] = .init(username: Self.user.name, password: Redacted(Self.user.password))
        return settings
    }

    @discardableResult
    private func push(
        _ image: Image,
        _ client: RegistryClient,
        _ registry: RegistryServer,
        _ name: String
    ) async throws -> PublishedImage {
        let target = ImageReference(registry: registry.host, repository: name, tag: "v1")
        return try await client.push(image, to: target, confirm: {}, log: CollectedLog())
    }
}
