import BuildModel
import HTTPTransport
import Platform
import Registry
import StrictRegistry
import TestSupport
import Testing

@Suite("Pushes side by side")
struct SharingTests {
    let fixture = StrictFixture()
    let log = CollectedLog()

    @Test("a blob that several pushes to a repository have is sent once; other repositories get it by mount")
    func singleFlight() async throws {
        let registry = try StrictRegistry()
        let shared = StrictFixture.blob(400_000)
        let client = RegistryClient(settings: StrictFixture.settings(), http: fixture.http)
        let targets = (0..<6).map { (image: StrictFixture.image([shared, StrictFixture.blob(100)]), tag: "v\($0)") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (image, tag) in targets {
                group.addTask {
                    let target = ImageReference(registry: registry.host, repository: "team/app", tag: tag)
                    _ = try await client.push(image, to: target, confirm: {}, log: log)
                }
            }
            try await group.waitForAll()
        }
        #expect(uploads(of: shared, registry) == 1)
        _ = try await client.push(
            StrictFixture.image([shared]),
            to: ImageReference(registry: registry.host, repository: "team/other", tag: "v1"),
            confirm: {},
            log: log
        )
        #expect(uploads(of: shared, registry) == 1)
        #expect(registry.faults(ofTag: "v1", in: "team/other") == [] && registry.violations == [])
    }

    @Test("many pushes to a registry that limits requests all end right, and few are refused")
    func storm() async throws {
        let registry = try StrictRegistry(quirks: [.rateLimit])
        var settings = StrictFixture.settings()
        // Five tries have to outlast the registry's second.
        settings.firstDelay = .milliseconds(200)
        let client = RegistryClient(settings: settings, http: fixture.http)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<16 {
                group.addTask {
                    let target = ImageReference(registry: registry.host, repository: "team/app\(number)", tag: "v1")
                    let image = StrictFixture.image([StrictFixture.blob(1000)])
                    _ = try await client.push(image, to: target, confirm: {}, log: log)
                }
            }
            try await group.waitForAll()
        }
        for number in 0..<16 { #expect(registry.digest(ofTag: "v1", in: "team/app\(number)") != nil) }
        // An undisturbed push makes ten requests. Without one gate for all, each would be refused several times.
        #expect(registry.requests.count < 16 * 10 * 2, "\(registry.requests.count) requests")
    }

    @Test("the same manifest is not put twice at a time, and a conflict with another process passes")
    func conflicts() async throws {
        let registry = try StrictRegistry(quirks: [.concurrentManifest409])
        let image = StrictFixture.image([StrictFixture.blob(100)])
        var settings = StrictFixture.settings()
        // Five tries have to outlast all that the other client puts, 0.2 s each.
        settings.firstDelay = .milliseconds(1000)
        let clients = [settings, settings].map { RegistryClient(settings: $0, http: fixture.http) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<6 {
                group.addTask {
                    let target = ImageReference(registry: registry.host, repository: "team/app", tag: "v\(number)")
                    _ = try await clients[number % 2].push(image, to: target, confirm: {}, log: log)
                }
            }
            try await group.waitForAll()
        }
        for number in 0..<6 {
            #expect(registry.digest(ofTag: "v\(number)", in: "team/app") == image.manifestDescriptor.digest)
        }
    }

    @Test("referrers that two processes put onto one list all stay, by ETags")
    func referrers() async throws {
        let registry = try StrictRegistry(quirks: [.conditionalTags])
        let image = StrictFixture.image([StrictFixture.blob(10)])
        try registry.seed(image, as: "v1", in: "a")
        let reference = ImageReference(registry: registry.host, repository: "a")
        let clients = (0..<2).map { _ in RegistryClient(settings: StrictFixture.settings(), http: fixture.http) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<6 {
                group.addTask {
                    let (artifact, blobs) = try StrictFixture.artifact(on: image.manifestDescriptor)
                    try await clients[number % 2].attach(artifact, blobs: blobs, in: reference)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await clients[0].referrers(of: image.manifestDescriptor.digest, in: reference).count == 6)
    }

    @Test("where a blob was seen is remembered by the node, and never told to another tenant")
    func sightings() async throws {
        let registry = try StrictRegistry()
        let scratch = try Scratch()
        var settings = StrictFixture.settings()
        settings.sightingsFile = scratch("blobs.journal")
        let blob = StrictFixture.blob(50_000)
        func push(_ tenant: String?, to name: String) async throws -> PublishedImage {
            // A client of its own, as after a restart.
            let client = RegistryClient(settings: settings, http: fixture.http).serving(tenant)
            let target = ImageReference(registry: registry.host, repository: name, tag: "v1")
            let image = StrictFixture.image([blob, StrictFixture.blob(10)])
            return try await client.push(image, to: target, confirm: {}, log: log)
        }
        _ = try await push("one", to: "one/a")
        #expect(try await push("one", to: "one/b").reusedBytes == 50_000)
        #expect(try await push("two", to: "two/a").reusedBytes == 0)
        #expect(try await push(nil, to: "farm/a").reusedBytes == 0)
        #expect(try await push("two", to: "two/b").reusedBytes == 50_000)
        #expect(!registry.requests.contains { $0.contains("/two/") && $0.contains("from=one") })
        #expect(uploads(of: blob, registry) == 3)
        #expect(registry.violations == [])
    }

    @Test("a blob that is not any more where it was seen is uploaded, and looked for there no more")
    func staleSighting() async throws {
        let registry = try StrictRegistry()
        let client = RegistryClient(settings: StrictFixture.settings(), http: fixture.http)
        let blob = StrictFixture.blob(50_000)
        func push(to name: String) async throws {
            let target = ImageReference(registry: registry.host, repository: name, tag: "v1")
            let image = StrictFixture.image([blob, StrictFixture.blob(10)])
            _ = try await client.push(image, to: target, confirm: {}, log: log)
        }
        try await push(to: "a")
        let path = "http://\(registry.host)/v2/a/blobs/\(blob.descriptor.digest)"
        _ = try await fixture.http.execute(HTTPRequest(.delete, path))
        try await push(to: "b")
        try await push(to: "c")
        #expect(registry.faults(ofTag: "v1", in: "c") == [])
        #expect(registry.requests.filter { $0.contains("from=a") }.count == 1)
        #expect(registry.requests.filter { $0.contains("from=b") }.count == 1)
        #expect(registry.violations == [])
    }

    @Test("a token of one tenant is not used for another, and used again for the same")
    func tokens() async throws {
        let registry = try StrictRegistry(access: .bearer(user: "user", password: "pass", lifetime: 3600))
        var settings = StrictFixture.settings()
        settings.credentials[registry.host] = .init(username: "user", password: Redacted("pass"))
        let client = RegistryClient(settings: settings, http: fixture.http)
        let image = StrictFixture.image([StrictFixture.blob(10)])
        for tenant in ["one", "two", "one", "two", nil] as [String?] {
            let target = ImageReference(registry: registry.host, repository: "team/app", tag: "v1")
            _ = try await client.serving(tenant).push(image, to: target, confirm: {}, log: log)
        }
        #expect(registry.requests.filter { $0.hasPrefix("GET /token") }.count == 3)
    }

    private func uploads(of blob: ImageBlob, _ registry: StrictRegistry) -> Int {
        let end = "digest=sha256%3A\(blob.descriptor.digest.hex)"
        return registry.requests.filter { $0.hasPrefix("PUT ") && $0.contains(end) }.count
    }
}
