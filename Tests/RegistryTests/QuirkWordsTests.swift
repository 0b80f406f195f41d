import BuildModel
import Platform
import StrictRegistry
import TestSupport
import Testing

@testable import Registry

@Suite("What odd registries cost, and what is said of them")
struct QuirkWordsTests {
    let fixture = StrictFixture()

    @Test(
        "what is there already is found without HEAD and without a digest in the answer",
        arguments: [Quirk.headManifest405, .noDigestHeader]
    )
    func unchanged(quirk: Quirk) async throws {
        let registry = try StrictRegistry(quirks: [quirk])
        let image = StrictFixture.image([StrictFixture.blob(1000)])
        try await fixture.push(image, to: registry)
        let before = registry.requests.count
        try await fixture.push(image, to: registry)
        let path = "/v2/team/app/manifests/v1"
        #expect(registry.requests.dropFirst(before) == ["HEAD \(path)", "GET \(path)"])
    }

    @Test("that bytes are taken by PATCH alone is learned once")
    func patchOnly() async throws {
        let registry = try StrictRegistry(quirks: [.wantsPatch])
        let scratch = try Scratch()
        var settings = StrictFixture.settings()
        settings.knowledgeFile = scratch("hosts.json")
        try await fixture.push(StrictFixture.image([StrictFixture.blob(3000)]), to: registry, settings: settings)
        let before = registry.requests.count
        let next = StrictFixture.image([StrictFixture.blob(3000)])
        try await fixture.push(next, to: registry, "team/other", settings: settings)
        let later = registry.requests.dropFirst(before)
        #expect(later.filter { $0.hasPrefix("PATCH ") }.count == 2, "\(later)")
        #expect(later.filter { $0.hasPrefix("PUT ") && $0.contains("uploads") }.count == 2)
        #expect(registry.violations == [])
    }

    @Test("a ban to overwrite that is wrapped into another error ends in words")
    func overwriteBan() async throws {
        let registry = try StrictRegistry(quirks: [.overwriteBan])
        try await fixture.push(StrictFixture.image([StrictFixture.blob(10)]), to: registry)
        let failure = try await #require(throws: BuildFailure.self) {
            try await fixture.push(StrictFixture.image([StrictFixture.blob(10)]), to: registry)
        }
        #expect(failure.code.rawValue == "registry_refused")
        #expect(failure.message.contains("may add tags but not move them"), "\(failure)")
        #expect(failure.message.contains("MANIFEST_INVALID"))
    }

    @Test("a registry that takes no artifacts says so when one is attached, and takes images all the same")
    func noArtifacts() async throws {
        let registry = try StrictRegistry(quirks: [.noArtifacts])
        let image = StrictFixture.image([StrictFixture.blob(10)])
        try await fixture.push(image, to: registry)
        let client = RegistryClient(settings: StrictFixture.settings(), http: fixture.http)
        let (artifact, blobs) = try StrictFixture.artifact(on: image.manifestDescriptor)
        let reference = ImageReference(registry: registry.host, repository: "team/app")
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.attach(artifact, blobs: blobs, in: reference)
        }
        #expect(failure.message.contains("does not take this kind of manifest"), "\(failure)")
        #expect(failure.message.contains("PUT http://\(registry.host)/v2/team/app/manifests/sha256:"), "\(failure)")
    }

    @Test("what a registry warns of is told once")
    func warning() async throws {
        let registry = try StrictRegistry(quirks: [.warns])
        let client = RegistryClient(settings: StrictFixture.settings(), http: fixture.http)
        let log = CollectedLog()
        for _ in 0..<2 {
            let image = StrictFixture.image([StrictFixture.blob(10)])
            let target = ImageReference(registry: registry.host, repository: "team/app", tag: "v1")
            _ = try await client.push(image, to: target, confirm: {}, log: log)
        }
        #expect(log.texts.filter { $0.contains("this registry will move") }.count == 1, "\(log.texts)")
    }

    @Test("the words of a refusal that HEAD cannot have are asked for")
    func wordsOfHead() async throws {
        let registry = try FakeRegistry { request, _ in
            guard request.target.contains("/manifests/") else { return false }
            request.respond(400, body: #"{"errors":[{"code":"NAME_INVALID","message":"the project is archived"}]}"#)
            return true
        }
        let client = RegistryClient(settings: StrictFixture.settings(), http: fixture.http)
        let image = StrictFixture.image([StrictFixture.blob(10)])
        let target = ImageReference(registry: registry.host, repository: "app", tag: "v1")
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.push(image, to: target, confirm: {}, log: CollectedLog())
        }
        #expect(failure.message.contains("HEAD http://\(registry.host)/v2/app/manifests/v1"), "\(failure)")
        #expect(failure.message.contains("400 NAME_INVALID: the project is archived"), "\(failure)")
    }

    @Test("that it is busy is believed whatever status a registry gives it")
    func oddStatus() async throws {
        let registry = try FakeRegistry { request, number in
            guard request.method == "POST", number == 1 else { return false }
            request.respond(400, body: #"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}"#)
            return true
        }
        let client = RegistryClient(settings: StrictFixture.settings(), http: fixture.http)
        let image = StrictFixture.image([StrictFixture.blob(10)])
        let target = ImageReference(registry: registry.host, repository: "app", tag: "v1")
        _ = try await client.push(image, to: target, confirm: {}, log: CollectedLog())
    }

    @Test("a blob of no bytes is pushed and pulled", arguments: [nil, 1000] as [Int64?])
    func empty(chunkBytes: Int64?) async throws {
        let registry = try StrictRegistry()
        let blob = ImageBlob(
            descriptor: TestImage.descriptor([], MediaType.ociLayerTar),
            source: .local(InMemoryContent([]))
        )
        var settings = StrictFixture.settings()
        settings.chunkBytes[registry.host] = chunkBytes
        try await fixture.push(StrictFixture.image([blob]), to: registry, settings: settings)
        #expect(registry.faults(ofTag: "v1", in: "team/app") == [] && registry.violations == [])
        let remote = ImageBlob(
            descriptor: blob.descriptor,
            source: .registry(ImageReference(registry: registry.host, repository: "team/app"))
        )
        let client = RegistryClient(settings: settings, http: fixture.http)
        #expect(try await client.fetchBlob(remote, spoolDirectory: "/tmp").size == 0)
    }

    @Test("nothing under the digest of something is not sent")
    func wrongEmpty() async throws {
        let registry = try StrictRegistry()
        let descriptor = Descriptor(mediaType: MediaType.ociLayerTar, digest: Digest(of: "something"), size: 0)
        let blob = ImageBlob(descriptor: descriptor, source: .local(InMemoryContent([])))
        let failure = try await #require(throws: BuildFailure.self) {
            try await fixture.push(StrictFixture.image([blob]), to: registry)
        }
        #expect(failure.code == .corrupted)
        #expect(registry.violations == [])
    }

    @Test("more parts than a registry takes end in words, and sizes that are chosen here never need so many")
    func parts() async throws {
        let registry = try StrictRegistry(quirks: [.fewParts])
        var settings = StrictFixture.settings()
        settings.chunkBytes[registry.host] = 1000
        let image = StrictFixture.image([StrictFixture.blob(1000 * (StrictRegistry.mostParts + 1))])
        let failure = try await #require(throws: BuildFailure.self) {
            try await fixture.push(image, to: registry, settings: settings)
        }
        #expect(failure.message.contains("let registries.chunkBytes be larger"), "\(failure)")
        #expect(registry.openUploads == 0)
        // ECR: 4,200 parts of 5 to 20 MiB, 52,000 MiB in all.
        for size in [33 << 20, 1 << 30, 41_000 << 20, 52_000 << 20] as [Int64] {
            let part = ChunkSize.first(for: size)
            #expect((5 << 20...20 << 20).contains(part) && (size + part - 1) / part <= 4200, "\(size)")
        }
    }

    @Test("a registry that takes plain images alone says so of an index, and takes images all the same")
    func plainImages() async throws {
        let registry = try StrictRegistry(quirks: [.plainImagesOnly])
        let image = StrictFixture.image([StrictFixture.blob(10)])
        try await fixture.push(image, to: registry)
        let index: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(MediaType.ociIndex),
            "manifests": [image.manifestDescriptor.json],
        ]
        let bytes = index.canonicalBytes
        let client = RegistryClient(settings: StrictFixture.settings(), http: fixture.http)
        let contents = try client.contents(of: ImageReference(registry: registry.host, repository: "team/app"))
        let descriptor = TestImage.descriptor(bytes, MediaType.ociIndex)
        let failure = try await #require(throws: BuildFailure.self) {
            try await contents.take(ManifestContent(descriptor: descriptor, bytes: bytes, document: index))
        }
        #expect(failure.message.contains("does not take this kind of manifest"), "\(failure)")
    }
}
