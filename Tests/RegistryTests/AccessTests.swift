import BuildModel
import HTTPTransport
import Platform
import Registry
import TestSupport
import Testing

@Suite("Access to a real registry")
struct AccessTests {
    let http = HTTPClient(label: "http.test")
    let log = CollectedLog()

    @Test("the configured user may push and pull")
    func basic() async throws {
        let registry = try await RegistryServer(user: (name: "builder", password: "s3cret: with colon"))
        var settings = RegistrySettings()
        settings.credentials[registry.host] = .init(username: "builder", password: Redacted("s3cret: with colon"))
        try await pushAndLookUp(registry, settings)
    }

    @Test("a wrong password is named as such, and does not appear")
    func wrongPassword() async throws {
        let registry = try await RegistryServer(user: (name: "builder", password: "right"))
        var settings = RegistrySettings()
        settings.credentials[registry.host] = .init(username: "builder", password: Redacted("wr0ng-passw0rd"))
        let failure = try await #require(throws: BuildFailure.self) { try await pushAndLookUp(registry, settings) }
        #expect(failure.code == .unauthorized)
        #expect(failure.message.contains("Check the password configured for user 'builder' of \(registry.host)"))
        #expect(failure.message.contains("401"))
        #expect(!failure.description.contains("wr0ng"))
        #expect(!failure.isRetryable)
    }

    @Test("a registry that wants a user says which host needs one")
    func noPassword() async throws {
        let registry = try await RegistryServer(user: (name: "builder", password: "right"))
        let failure = try await #require(throws: BuildFailure.self) {
            try await pushAndLookUp(registry, RegistrySettings())
        }
        #expect(failure.code == .unauthorized)
        #expect(failure.message.contains("Configure a user name and password for \(registry.host)"))
    }

    @Test("a private certificate authority is accepted when configured")
    func privateAuthority() async throws {
        let registry = try await RegistryServer(tls: true)
        var settings = RegistrySettings()
        settings.certificateAuthorityFiles[registry.host] = try #require(registry.certificates).authority
        try await pushAndLookUp(registry, settings)
    }

    @Test("a private certificate authority that is not configured is refused in words")
    func unknownAuthority() async throws {
        let registry = try await RegistryServer(tls: true)
        let scratch = try Scratch()
        var settings = RegistrySettings()
        settings.certificateAuthorityFiles[registry.host] = try await TestCertificates(in: scratch).authority
        let failure = try await #require(throws: BuildFailure.self) { try await pushAndLookUp(registry, settings) }
        #expect(failure.code == .untrustedCertificate)
        #expect(failure.message.contains(registry.host))
    }

    @Test("a registry whose certificate is not to be checked is used as it is")
    func insecure() async throws {
        let registry = try await RegistryServer(tls: true)
        var settings = RegistrySettings()
        settings.insecure = [registry.host]
        try await pushAndLookUp(registry, settings)
    }

    @Test("a certificate authority file that is missing is named")
    func missingFile() async throws {
        var settings = RegistrySettings()
        settings.certificateAuthorityFiles["registry.invalid"] = "/no/such/ca.pem"
        let client = RegistryClient(settings: settings, http: http)
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.baseImage(ImageReference(parsing: "registry.invalid/app:1"), platform: .current)
        }
        #expect(failure.code == .notFound)
        #expect(failure.message.contains("/no/such/ca.pem"))
    }

    @Test("a host that does not exist is unreachable", .timeLimit(.minutes(5)))
    func unknownHost() async throws {
        let client = RegistryClient(settings: RegistrySettings(), http: http)
        let target = try ImageReference(parsing: "registry.invalid/app:1")
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.push(TestImage.image([]), to: target, confirm: {}, log: log)
        }
        #expect(failure.code == .unreachable)
        #expect(failure.message.contains("registry.invalid"))
        #expect(failure.isRetryable)
    }

    private func pushAndLookUp(_ registry: RegistryServer, _ settings: RegistrySettings) async throws {
        let client = RegistryClient(settings: settings, http: http)
        let image = TestImage.image([try await TestImage.layer()])
        let target = ImageReference(registry: registry.host, repository: "app", tag: "v1")
        _ = try await client.push(image, to: target, confirm: {}, log: log)
        let found = try await client.baseImage(target, platform: ImagePlatform(os: "linux", architecture: "amd64"))
        #expect(found.name.digest == image.manifestDescriptor.digest)
    }
}
