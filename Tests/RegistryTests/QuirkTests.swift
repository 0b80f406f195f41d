import BuildModel
import Platform
import Registry
import StrictRegistry
import TestSupport
import Testing

@Suite("Registries of the field", .serialized)
struct QuirkTests {
    let fixture = StrictFixture()

    /// Those that fail a push on purpose, or are of no concern to one.
    private static let others: Set<Quirk> = [.missingRepositoryCut, .immutableTags, .overwriteBan, .ignoresRange]

    @Test(
        "a push ends right, in one piece and in chunks",
        arguments: Quirk.allCases.filter { !others.contains($0) },
        [nil, 700_000, 5 << 20] as [Int64?]
    )
    func push(_ quirk: Quirk, chunkBytes: Int64?) async throws {
        let access = StrictRegistry.Access.bearer(user: "user", password: "pass", lifetime: 60)
        let registry = try StrictRegistry(quirks: [quirk], access: access)
        var base = StrictFixture.blob(20_000)
        try registry.seed(StrictFixture.image([base]), as: "1", in: "library/base")
        base.source = .registry(ImageReference(registry: registry.host, repository: "library/base"))
        let image = StrictFixture.image([base, StrictFixture.blob(6_000_000)])
        var settings = StrictFixture.settings()
        settings.credentials[registry.host] = .init(username: "user", password: Redacted("pass"))
        settings.chunkBytes[registry.host] = chunkBytes
        // Tries have to outlast the second that is counted.
        if quirk == .rateLimit { settings.firstDelay = .milliseconds(500) }
        try await fixture.push(image, to: registry, settings: settings)
        #expect(registry.digest(ofTag: "v1", in: "team/app") == image.manifestDescriptor.digest)
        #expect(registry.faults(ofTag: "v1", in: "team/app") == [])
        #expect(registry.violations == [])
    }

    @Test("without a quirk a mount is one request, and a second push of the same is one in all")
    func fewRequests() async throws {
        let registry = try StrictRegistry()
        var base = StrictFixture.blob(20_000)
        try registry.seed(StrictFixture.image([base]), as: "1", in: "library/base")
        base.source = .registry(ImageReference(registry: registry.host, repository: "library/base"))
        let image = StrictFixture.image([base])
        try await fixture.push(image, to: registry)
        #expect(registry.requests.filter { $0.contains("mount=") }.count == 1)
        #expect(!registry.requests.contains { $0.hasPrefix("GET ") })
        let before = registry.requests.count
        try await fixture.push(image, to: registry)
        #expect(registry.requests.dropFirst(before) == ["HEAD /v2/team/app/manifests/v1"])
        #expect(registry.violations == [])
    }

    @Test("the session that a refused mount opens is used")
    func refusedMount() async throws {
        let registry = try StrictRegistry(quirks: [.mountRefused])
        var base = StrictFixture.blob(20_000)
        try registry.seed(StrictFixture.image([base]), as: "1", in: "library/base")
        base.source = .registry(ImageReference(registry: registry.host, repository: "library/base"))
        try await fixture.push(StrictFixture.image([base]), to: registry)
        #expect(registry.requests.filter { $0.hasPrefix("POST ") }.count == 2)
    }

    @Test("what a proxy lets through is learned once and remembered by later clients of the node")
    func learnedLimit() async throws {
        let registry = try StrictRegistry(quirks: [.requestLimit])
        let scratch = try Scratch()
        var settings = StrictFixture.settings()
        settings.knowledgeFile = scratch("hosts.json")
        try await fixture.push(StrictFixture.image([StrictFixture.blob(3_000_000)]), to: registry, settings: settings)
        let before = registry.requests.count
        try await fixture.push(
            StrictFixture.image([StrictFixture.blob(3_000_000)]),
            to: registry,
            "team/other",
            settings: settings
        )
        let later = registry.requests.dropFirst(before)
        #expect(later.filter { $0.hasPrefix("PATCH ") }.count == 3, "\(later)")
        #expect(later.filter { $0.hasPrefix("POST ") }.count == 2)
        #expect(registry.violations == [])
    }

    @Test("a tag that may not move ends in words; one that is right already is fine")
    func immutableTag() async throws {
        let registry = try StrictRegistry(quirks: [.immutableTags])
        let image = StrictFixture.image([StrictFixture.blob(1000)])
        try await fixture.push(image, to: registry)
        try await fixture.push(image, to: registry)
        let failure = try await #require(throws: BuildFailure.self) {
            try await fixture.push(StrictFixture.image([StrictFixture.blob(1000)]), to: registry)
        }
        #expect(failure.message.contains("immutable") && failure.message.contains("use a new tag"), "\(failure)")
        #expect(registry.digest(ofTag: "v1", in: "team/app") == image.manifestDescriptor.digest)
    }

    @Test("a repository that does not exist and cuts connections ends in words, not in a loop")
    func missingRepository() async throws {
        let registry = try StrictRegistry(quirks: [.missingRepositoryCut])
        let failure = try await #require(throws: BuildFailure.self) {
            try await fixture.push(StrictFixture.image([StrictFixture.blob(1000)]), to: registry)
        }
        #expect(failure.code == .notFound)
        #expect(failure.message.contains("broke") && failure.message.contains("create it"), "\(failure)")
        #expect(registry.digest(ofTag: "v1", in: "team/app") == nil)
    }

    @Test("a download that breaks off goes on where it was, or begins anew", arguments: [[], [Quirk.ignoresRange]])
    func brokenDownload(quirks: [Quirk]) async throws {
        let registry = try StrictRegistry(quirks: Set(quirks)) { number, _, _ in number == 1 ? .halfAnswer : nil }
        let blob = StrictFixture.blob(3_000_000)
        try registry.seed(StrictFixture.image([blob]), as: "1", in: "library/base")
        let remote = ImageBlob(
            descriptor: blob.descriptor,
            source: .registry(ImageReference(registry: registry.host, repository: "library/base"))
        )
        let client = RegistryClient(settings: StrictFixture.settings(), http: fixture.http)
        let content = try await client.fetchBlob(remote, spoolDirectory: "/tmp")
        #expect(Digest(of: try Files.bytes(of: content)) == blob.descriptor.digest)
        #expect(registry.requests.count > 1)
    }
}
