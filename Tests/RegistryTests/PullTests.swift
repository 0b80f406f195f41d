import BuildModel
import Platform
import Registry
import StrictRegistry
import TestSupport
import Testing

@Suite("Pulling blobs")
struct PullTests {
    let fixture = StrictFixture()

    @Test("a blob that a mirror has lost comes from the next one, or from the registry itself")
    func alternatives() async throws {
        let (empty, mirror, registry) = (try StrictRegistry(), try StrictRegistry(), try StrictRegistry())
        let layers = [StrictFixture.blob(30_000), StrictFixture.blob(20_000)]
        try mirror.seed(StrictFixture.image([layers[0]]), as: "1", in: "hub/library/base")
        try registry.seed(StrictFixture.image(layers), as: "1", in: "library/base")
        var settings = StrictFixture.settings()
        settings.mirrors[registry.host] = [empty.host, "\(mirror.host)/hub"]
        let client = RegistryClient(settings: settings, http: fixture.http)
        for layer in layers {
            // As it is found when the first mirror has just been asked for the manifest.
            let reference = ImageReference(registry: empty.host, repository: "library/base")
            let blob = ImageBlob(descriptor: layer.descriptor, source: .registry(reference))
            let content = try await client.fetchBlob(blob, spoolDirectory: "/tmp")
            #expect(Digest(of: try Files.bytes(of: content)) == layer.descriptor.digest)
        }
        #expect(mirror.requests.count == 2 && registry.requests.count == 1)
    }

    @Test("a blob that is nowhere is named with what every place said")
    func nowhere() async throws {
        let (mirror, registry) = (try StrictRegistry(), try StrictRegistry())
        var settings = StrictFixture.settings()
        settings.mirrors[registry.host] = [mirror.host]
        let client = RegistryClient(settings: settings, http: fixture.http)
        let reference = ImageReference(registry: mirror.host, repository: "base")
        let blob = ImageBlob(descriptor: StrictFixture.blob(10).descriptor, source: .registry(reference))
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.fetchBlob(blob, spoolDirectory: "/tmp")
        }
        #expect(failure.code == .notFound)
        for host in [mirror.host, registry.host] { #expect(failure.message.contains("\(host)/base"), "\(failure)") }
    }

    @Test("all that want the same blob download it once, and one that is in nobody's hands is downloaded anew")
    func once() async throws {
        let registry = try StrictRegistry()
        let (client, blob) = try seeded(registry, size: 2_000_000)
        try await withThrowingTaskGroup(of: (any BlobContent).self) { group in
            for _ in 0..<5 { group.addTask { try await client.fetchBlob(blob, spoolDirectory: "/tmp") } }
            // Whoever has it keeps it until all have it.
            let all = try await group.reduce(into: []) { $0.append($1) }
            #expect(all.map(\.size) == [Int64](repeating: 2_000_000, count: 5))
        }
        #expect(registry.requests.count == 1)
        try await eventually("it is downloaded anew, once nobody holds it") {
            _ = try await client.fetchBlob(blob, spoolDirectory: "/tmp")
            return registry.requests.count == 2
        }
    }

    @Test("who gives up does not take the blob from those who wait for it")
    func givingUp() async throws {
        let registry = try StrictRegistry { number, _, _ in number == 1 ? .stall : nil }
        let (client, blob) = try seeded(registry, size: 100_000)
        let first = Task { try await client.fetchBlob(blob, spoolDirectory: "/tmp") }
        try await eventually("the first asks") { registry.requests.count == 1 }
        let second = Task { try await client.fetchBlob(blob, spoolDirectory: "/tmp") }
        first.cancel()
        await #expect(throws: BuildFailure.self) { _ = try await first.value }
        #expect(try await second.value.size == 100_000)
    }

    @Test("a part is what was asked for, whether ranges are known or not", arguments: [[], [Quirk.ignoresRange]])
    func part(quirks: [Quirk]) async throws {
        let registry = try StrictRegistry(quirks: Set(quirks))
        let (client, blob) = try seeded(registry, size: 10_000)
        guard case .registry(let reference) = blob.source else { return }
        let whole = try Files.bytes(of: try await client.fetchBlob(blob, spoolDirectory: "/tmp"))
        for range in [0..<10, 9_990..<10_000, 5000..<5001, 9_000..<20_000, 20_000..<30_000] as [Range<Int64>] {
            let part = try await client.fetchPart(of: blob.descriptor, in: reference, range: range)
            #expect(part == Array(whole[Int(min(range.lowerBound, 10_000))..<Int(min(range.upperBound, 10_000))]))
        }
    }

    @Test("a way that breaks off again and again ends no download that gets on")
    func breaks() async throws {
        let registry = try StrictRegistry { number, _, _ in number <= 7 ? .halfAnswer : nil }
        let (client, blob) = try seeded(registry, size: 8 << 20)
        #expect(try await client.fetchBlob(blob, spoolDirectory: "/tmp").size == 8 << 20)
        #expect(registry.requests.count == 8)
    }

    @Test("one that does not get on ends", arguments: [1000, 8 << 20])
    func stuck(size: Int) async throws {
        let registry = try StrictRegistry { _, _, _ in .reset(afterBytes: 0) }
        let (client, blob) = try seeded(registry, size: size)
        await #expect(throws: BuildFailure.self) { try await client.fetchBlob(blob, spoolDirectory: "/tmp") }
        #expect(registry.requests.count == 5)
    }

    @Test("a whole blob that comes in the place of a part is looked at whole")
    func wrongWhole() async throws {
        let registry = try FakeRegistry { request, _ in
            request.respond(200, body: "other bytes!")
            return true
        }
        let descriptor = TestImage.descriptor(Array("right bytes!".utf8), MediaType.ociLayerGzip)
        let client = RegistryClient(settings: StrictFixture.settings(), http: fixture.http)
        let reference = ImageReference(registry: registry.host, repository: "app")
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.fetchPart(of: descriptor, in: reference, range: 0..<5)
        }
        #expect(failure.code == .corrupted)
    }

    @Test("what was downloaded gets a name without another copy")
    func commit() async throws {
        let registry = try StrictRegistry()
        let (client, blob) = try seeded(registry, size: 10_000)
        let scratch = try Scratch()
        let content = try await client.fetchBlob(blob, spoolDirectory: scratch.path)
        let spool = try #require(content as? SpoolFile)
        #expect(try spool.commit(as: scratch("blob")))
        #expect(Digest(of: try Files.read(scratch("blob"), limit: 1 << 20)) == blob.descriptor.digest)
        #expect(try Directories.list(scratch.path) == ["blob"])
        #expect(try !spool.commit(as: scratch("no/such/blob")))
    }

    /// A client, and a blob of a registry.
    private func seeded(_ registry: StrictRegistry, size: Int) throws -> (RegistryClient, ImageBlob) {
        let blob = StrictFixture.blob(size)
        try registry.seed(StrictFixture.image([blob]), as: "1", in: "library/base")
        let reference = ImageReference(registry: registry.host, repository: "library/base")
        let client = RegistryClient(settings: StrictFixture.settings(), http: fixture.http)
        return (client, ImageBlob(descriptor: blob.descriptor, source: .registry(reference)))
    }
}
