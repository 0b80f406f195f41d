import BuildModel
import HTTPTransport
import Registry
import StrictRegistry
import TestSupport
import Testing

@Suite("Where a farm saw blobs")
struct FarmSightingsTests {
    private let fixture = StrictFixture()
    private let blob = StrictFixture.blob(50_000)

    /// Pushes an image with the blob from a node of its own, which remembers nothing.
    @discardableResult
    private func push(
        to name: String,
        of registry: StrictRegistry,
        for tenant: String? = nil,
        by client: RegistryClient
    ) async throws -> PublishedImage {
        let target = ImageReference(registry: registry.host, repository: name, tag: "v1")
        let image = StrictFixture.image([blob, StrictFixture.blob(10)])
        return try await client.serving(tenant).push(image, to: target, confirm: {}, log: fixture.log)
    }

    private func node(_ farm: FarmInMemory) -> RegistryClient {
        RegistryClient(settings: StrictFixture.settings(), http: fixture.http, farm: farm)
    }

    @Test("is where other nodes mount them from, for the same tenant alone")
    func mounts() async throws {
        let (registry, farm) = (try StrictRegistry(), FarmInMemory())
        try await push(to: "one/a", of: registry, for: "one", by: node(farm))
        let second = try await push(to: "one/b", of: registry, for: "one", by: node(farm))
        #expect(second.ways[blob.descriptor.digest] == .mounted)
        for tenant in ["two", nil] {
            let published = try await push(to: "\(tenant ?? "none")/a", of: registry, for: tenant, by: node(farm))
            #expect(published.ways[blob.descriptor.digest] == .uploaded)
        }
        #expect(!registry.requests.contains { $0.contains("from=one") && !$0.contains("/one/") })
        #expect(registry.violations == [])
    }

    @Test("is not kept of configs, which no other image has")
    func configs() async throws {
        let (registry, farm) = (try StrictRegistry(), FarmInMemory())
        try await push(to: "a", of: registry, by: node(farm))
        #expect(farm.values == ["a", "a"])
    }

    @Test("is forgotten of a repository that has a blob no more")
    func stale() async throws {
        let (registry, farm) = (try StrictRegistry(), FarmInMemory())
        try await push(to: "a", of: registry, by: node(farm))
        let path = "http://\(registry.host)/v2/a/blobs/\(blob.descriptor.digest)"
        _ = try await fixture.http.execute(HTTPRequest(.delete, path))
        let second = try await push(to: "b", of: registry, by: node(farm))
        #expect(second.ways[blob.descriptor.digest] == .uploaded)
        let third = try await push(to: "c", of: registry, by: node(farm))
        #expect(third.ways[blob.descriptor.digest] == .mounted)
        #expect(registry.requests.filter { $0.contains("from=a") }.count == 1)
        #expect(registry.requests.filter { $0.contains("from=b") }.count == 1)
        #expect(registry.violations == [])
    }

    @Test(
        "is not forgotten for a mount that failed, only for one that was refused",
        arguments: [(.mountBadGateway, "b a"), (.mountRefused, "b"), (.mountError, "b")] as [(Quirk, String)]
    )
    func failedMount(_ quirk: Quirk, remembered: String) async throws {
        let (registry, farm) = (try StrictRegistry(quirks: [quirk]), FarmInMemory())
        try await push(to: "a", of: registry, by: node(farm))
        let second = try await push(to: "b", of: registry, by: node(farm))
        #expect(second.ways[blob.descriptor.digest] == .uploaded)
        #expect(registry.requests.filter { $0.contains("from=a") }.count == 1)
        // Beside it a small blob of each push, which is in one place.
        #expect(farm.values.sorted() == ["a", "b", remembered].sorted())
        #expect(registry.violations == [])
    }

    @Test("fails no push where it cannot be asked, and is then left in peace")
    func away() async throws {
        let (registry, farm) = (try StrictRegistry(), FarmInMemory(isAway: true))
        let (client, start) = (node(farm), ContinuousClock.now)
        try await push(to: "a", of: registry, by: client)
        let asked = farm.calls
        // Of two blobs that are on their way at once, each may ask before the other was told.
        #expect((1...2).contains(asked))
        let second = try await push(to: "b", of: registry, by: client)
        #expect(second.ways[blob.descriptor.digest] == .mounted)
        // On a machine that took so long the peace was over.
        #expect(farm.calls == asked || start.duration(to: .now) > .seconds(30))
        #expect(registry.faults(ofTag: "v1", in: "b") == [])
    }

    @Test("is what names of repositories say, and nothing else", arguments: ["", "../a", "A B", "a/../b\n", "-"])
    func damaged(value: String) async throws {
        let (registry, farm) = (try StrictRegistry(), FarmInMemory(answer: value))
        let published = try await push(to: "a", of: registry, by: node(farm))
        #expect(published.ways[blob.descriptor.digest] == .uploaded)
        #expect(!registry.requests.contains { $0.contains("from=") })
        #expect(registry.violations == [])
    }
}
