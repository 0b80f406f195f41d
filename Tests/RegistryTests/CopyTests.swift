import BuildModel
import Documents
import HTTPTransport
import Platform
import Registry
import StrictRegistry
import TestSupport
import Testing

@Suite("Copying images with what is attached to them")
struct CopyTests {
    let client = RegistryClient(settings: StrictFixture.settings(), http: StrictFixture().http)
    let fixture = StrictFixture()
    let log = CollectedLog()

    @Test(
        "an index with its images and their referrers arrives with the same digests",
        arguments: [[], [Quirk.noReferrers]],
        [[], [Quirk.noReferrers]]
    )
    func index(sourceQuirks: [Quirk], destinationQuirks: [Quirk]) async throws {
        let source = try StrictRegistry(quirks: Set(sourceQuirks))
        let destination = try StrictRegistry(quirks: Set(destinationQuirks))
        let images = [StrictFixture.image([StrictFixture.blob(50_000)]), StrictFixture.image([StrictFixture.blob(10)])]
        let from = try client.contents(of: reference(source, "a"))
        for image in images {
            for blob in image.layers + [config(of: image)] { _ = try await from.take(blob, again: false) }
            try await from.take(content(image.manifest))
        }
        let index = try content(
            JSONValue.object([
                "schemaVersion": 2, "mediaType": .string(MediaType.ociIndex),
                "manifests": .array(images.map(\.manifestDescriptor.json)),
            ]).canonicalBytes
        )
        try await from.take(index)
        try await from.tag(index, as: "t")
        let signature = try await attachment(to: images[0].manifestDescriptor, from)
        let statement = try await attachment(to: index.descriptor, from)
        let onSignature = try await attachment(to: signature.descriptor, from)

        let to = try client.contents(of: reference(destination, "b"))
        let copy = ImageCopy(from: from, to: to, log: log)
        let (root, counts) = try await copy.copy("t", as: "t")
        #expect(root.descriptor.digest == index.descriptor.digest)
        #expect(counts.manifests == 6)
        #expect(destination.digest(ofTag: "t", in: "b") == index.descriptor.digest)
        #expect(destination.faults(ofTag: "t", in: "b") == [])
        #expect(try await to.referrers(of: index.descriptor.digest).map(\.digest) == [statement.descriptor.digest])
        #expect(
            try await to.referrers(of: images[0].manifestDescriptor.digest).map(\.digest)
                == [signature.descriptor.digest]
        )
        #expect(
            try await to.referrers(of: signature.descriptor.digest).map(\.digest) == [onSignature.descriptor.digest]
        )
        #expect(source.violations == [] && destination.violations == [])

        let again = try await copy.copy("t", as: "t").counts
        #expect(again.movedBytes == 0 && again.manifests == 0)
    }

    @Test("referrers of several writers all stay on the list that stands under a tag")
    func parallelReferrers() async throws {
        let registry = try StrictRegistry(quirks: [.noReferrers])
        let image = StrictFixture.image([StrictFixture.blob(10)])
        try registry.seed(image, as: "v1", in: "a")
        let contents = try client.contents(of: reference(registry, "a"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { _ = try await attachment(to: image.manifestDescriptor, contents) } }
            try await group.waitForAll()
        }
        #expect(try await contents.referrers(of: image.manifestDescriptor.digest).count == 8)
    }

    @Test("a copy that ended between a referrer and its list is made whole by the next one")
    func unlisted() async throws {
        let (source, destination) = (try StrictRegistry(), try StrictRegistry(quirks: [.noReferrers]))
        let image = StrictFixture.image([StrictFixture.blob(10)])
        try source.seed(image, as: "t", in: "a")
        let from = try client.contents(of: reference(source, "a"))
        let to = try client.contents(of: reference(destination, "b"))
        let statement = try await attachment(to: image.manifestDescriptor, from)
        try destination.seed(image, as: "t", in: "b")
        // As a copy leaves it that breaks off right there: the manifest, but no list.
        try destination.seedManifest(statement.bytes, as: "x", in: "b")
        #expect(try await to.referrers(of: image.manifestDescriptor.digest).isEmpty)
        _ = try await ImageCopy(from: from, to: to, log: log).copy("t", as: "t")
        #expect(
            try await to.referrers(of: image.manifestDescriptor.digest).map(\.digest) == [statement.descriptor.digest]
        )
    }

    @Test("each image of an index costs one request, and one for its referrers where the source keeps lists of those")
    func fewRequests() async throws {
        for quirks in [[], [Quirk.noReferrers]] {
            let (source, destination) = (try StrictRegistry(quirks: Set(quirks)), try StrictRegistry())
            let images = (0..<5).map { _ in StrictFixture.image([StrictFixture.blob(10)]) }
            for (number, image) in images.enumerated() { try source.seed(image, as: "image-\(number)", in: "a") }
            try source.seedManifest(index(of: images), as: "t", in: "a")
            let from = try client.contents(of: reference(source, "a"))
            let to = try client.contents(of: reference(destination, "b"))
            let (root, _) = try await ImageCopy(from: from, to: to, log: log).copy("t", as: "t")
            #expect(destination.digest(ofTag: "t", in: "b") == root.descriptor.digest)
            for image in images {
                let asked = source.requests.filter { $0.contains(image.manifestDescriptor.digest.hex) }
                #expect(asked.count == (quirks.isEmpty ? 2 : 1), "\(asked)")
            }
            #expect(source.requests.count { $0.contains("/tags/list") } == 1)
            #expect(source.violations == [])
        }
    }

    @Test(
        "what is attached by tags to the images of an index comes along, however the source lists its tags",
        arguments: [0, 1, 2, 3]
    )
    func attachedByTag(kind: Int) async throws {
        let quirks: [Set<Quirk>] = [[], [.noReferrers], [], [.emptyTagList]]
        let (source, destination) = (try StrictRegistry(quirks: quirks[kind]), try StrictRegistry())
        // Who may not list the tags may still read them.
        if kind == 2 { source.setSchedule { _, _, path in path.contains("/tags/list") ? .tooLarge : nil } }
        let images = (0..<2).map { _ in StrictFixture.image([StrictFixture.blob(10)]) }
        for (number, image) in images.enumerated() { try source.seed(image, as: "image-\(number)", in: "a") }
        let signature = StrictFixture.image([StrictFixture.blob(20)])
        let tag = "sha256-\(images[1].manifestDescriptor.digest.hex).sig"
        try source.seed(signature, as: tag, in: "a")
        try source.seedManifest(index(of: images), as: "t", in: "a")
        let from = try client.contents(of: reference(source, "a"))
        let to = try client.contents(of: reference(destination, "b"))
        _ = try await ImageCopy(from: from, to: to, log: log).copy("t", as: "t")
        #expect(destination.digest(ofTag: tag, in: "b") == signature.manifestDescriptor.digest)
        #expect(destination.faults(ofTag: tag, in: "b") == [])
    }

    @Test("what is attached to an index itself comes along where the source does not list such tags")
    func hiddenTags() async throws {
        let (source, destination) = (try StrictRegistry(quirks: [.hidesAttachedTags]), try StrictRegistry())
        let image = StrictFixture.image([StrictFixture.blob(10)])
        try source.seed(image, as: "image", in: "a")
        let root = index(of: [image])
        try source.seedManifest(root, as: "t", in: "a")
        let signature = StrictFixture.image([StrictFixture.blob(20)])
        let tag = "sha256-\(Digest(of: root).hex).sig"
        try source.seed(signature, as: tag, in: "a")
        let from = try client.contents(of: reference(source, "a"))
        let to = try client.contents(of: reference(destination, "b"))
        _ = try await ImageCopy(from: from, to: to, log: log).copy("t", as: "t")
        #expect(destination.digest(ofTag: tag, in: "b") == signature.manifestDescriptor.digest)
    }

    @Test("tags that the source does not want to speak of are told once")
    func unseen() async throws {
        let (source, destination) = (try StrictRegistry(quirks: [.absentTag403]), try StrictRegistry())
        try source.seed(StrictFixture.image([StrictFixture.blob(10)]), as: "t", in: "a")
        let from = try client.contents(of: reference(source, "a"))
        let to = try client.contents(of: reference(destination, "b"))
        _ = try await ImageCopy(from: from, to: to, log: log).copy("t", as: "t")
        let words = "does not say whether it has 3 tags such as sha256-"
        #expect(log.texts.count { $0.contains(words) } == 1, "\(log.texts)")
    }

    @Test("copying what is there under its tag already is one request")
    func unchanged() async throws {
        let (source, destination) = (try StrictRegistry(), try StrictRegistry())
        let image = StrictFixture.image([StrictFixture.blob(1000)])
        try source.seed(image, as: "t", in: "a")
        let copy = ImageCopy(
            from: try client.contents(of: reference(source, "a")),
            to: try client.contents(of: reference(destination, "b")),
            log: log
        )
        _ = try await copy.copy("t", as: "t")
        let before = destination.requests.count
        _ = try await copy.copy("t", as: "t")
        #expect(destination.requests.dropFirst(before) == ["HEAD /v2/b/manifests/t"])
    }

    @Test("blobs that the destination loses between its word and the manifest are copied again")
    func lostBlobs() async throws {
        let (source, destination) = (try StrictRegistry(), try StrictRegistry(quirks: [.collectsBlobs]))
        let layer = StrictFixture.blob(1000)
        try source.seed(StrictFixture.image([layer]), as: "t", in: "a")
        try destination.seed(StrictFixture.image([layer, StrictFixture.blob(10)]), as: "old", in: "b")
        let copy = ImageCopy(
            from: try client.contents(of: reference(source, "a")),
            to: try client.contents(of: reference(destination, "b")),
            log: log
        )
        _ = try await copy.copy("t", as: "t")
        #expect(destination.faults(ofTag: "t", in: "b") == [])
        #expect(destination.digest(ofTag: "t", in: "b") != nil)
    }

    @Test("a tag that never moves is right when the answer to it was lost")
    func lostTag() async throws {
        let (source, destination) = (try StrictRegistry(), try StrictRegistry(quirks: [.immutableTags]))
        let image = StrictFixture.image([StrictFixture.blob(1000)])
        try source.seed(image, as: "t", in: "a")
        let request = "PUT /v2/b/manifests/t"
        destination.setSchedule { [weak destination] _, method, path in
            guard "\(method) \(path)" == request else { return nil }
            return destination?.requests.filter { $0 == request }.count == 1 ? .lostAnswer : nil
        }
        let copy = ImageCopy(
            from: try client.contents(of: reference(source, "a")),
            to: try client.contents(of: reference(destination, "b")),
            log: log
        )
        _ = try await copy.copy("t", as: "t")
        #expect(destination.digest(ofTag: "t", in: "b") == image.manifestDescriptor.digest)
        #expect(destination.requests.filter { $0 == request }.count >= 2, "\(destination.requests)")
    }

    @Test("bytes that the source has damaged are noticed before anything is published, of an index' other images too")
    func damaged() async throws {
        let (source, destination) = (try StrictRegistry(), try StrictRegistry())
        let good = StrictFixture.image([StrictFixture.blob(1000)])
        var layer = StrictFixture.blob(50_000)
        let damaged = StrictFixture.image([layer])
        try source.seed(good, as: "good", in: "a")
        layer.source = StrictFixture.blob(50_000).source
        var seeded = damaged
        seeded.layers = [layer]
        try source.seed(seeded, as: "damaged", in: "a")
        let index = JSONValue.object([
            "schemaVersion": 2, "mediaType": .string(MediaType.ociIndex),
            "manifests": .array([good, damaged].map(\.manifestDescriptor.json)),
        ])
        try source.seedManifest(index.canonicalBytes, as: "t", in: "a")
        let copy = ImageCopy(
            from: try client.contents(of: reference(source, "a")),
            to: try client.contents(of: reference(destination, "b")),
            log: log
        )
        let failure = try await #require(throws: BuildFailure.self) { try await copy.copy("t", as: "t") }
        #expect(failure.code == .corrupted)
        #expect(failure.message.contains(source.host) && failure.message.contains("\(layer.descriptor.digest)"))
        #expect(!destination.requests.contains { $0.hasPrefix("PUT ") && $0.contains("/manifests/") })
        #expect(!destination.requests.contains { $0.hasPrefix("PUT ") && $0.contains(layer.descriptor.digest.hex) })
        #expect(destination.violations == [])
    }

    @Test("a list of referrers that names the image itself does not lead the copy in a circle")
    func circle() async throws {
        let source = try StrictRegistry(quirks: [.noReferrers])
        let destination = try StrictRegistry()
        let image = StrictFixture.image([StrictFixture.blob(10)])
        try source.seed(image, as: "t", in: "a")
        let list = JSONValue.object([
            "schemaVersion": 2, "mediaType": .string(MediaType.ociIndex),
            "manifests": .array([image.manifestDescriptor.json, image.manifestDescriptor.json]),
        ])
        let tag = "sha256-\(image.manifestDescriptor.digest.hex)"
        try source.seedManifest(list.canonicalBytes, as: tag, in: "a")
        let from = try client.contents(of: reference(source, "a"))
        let to = try client.contents(of: reference(destination, "b"))
        let counts = try await ImageCopy(from: from, to: to, log: log).copy("t", as: "t").counts
        #expect(counts.manifests == 1)
        #expect(destination.digest(ofTag: "t", in: "b") == image.manifestDescriptor.digest)
        #expect(source.requests.count < 20, "\(source.requests)")
    }

    @Test("what both sides warn of is told once")
    func warnings() async throws {
        let (source, destination) = (try StrictRegistry(quirks: [.warns]), try StrictRegistry(quirks: [.warns]))
        try source.seed(StrictFixture.image([StrictFixture.blob(10)]), as: "t", in: "a")
        let from = try client.contents(of: reference(source, "a"))
        let to = try client.contents(of: reference(destination, "b"))
        _ = try await ImageCopy(from: from, to: to, log: log).copy("t", as: "t")
        client.reportWarnings(to: log)
        client.reportWarnings(to: log)
        for host in [source.host, destination.host] {
            #expect(log.texts.count { $0.hasPrefix("\(host) warns: ") } == 1, "\(log.texts)")
        }
    }

    @Test("an image that the source has not is named")
    func missing() async throws {
        let registry = try StrictRegistry()
        let contents = try client.contents(of: reference(registry, "a"))
        let failure = try await #require(throws: BuildFailure.self) {
            try await ImageCopy(from: contents, to: contents, log: log).copy("nothing", as: "t")
        }
        #expect(failure.code == .notFound && failure.message.contains("nothing"))
    }

    private func attachment(to subject: Descriptor, _ contents: RepositoryContents) async throws -> ManifestContent {
        let (manifest, blobs) = try StrictFixture.artifact(on: subject)
        for blob in blobs { _ = try await contents.take(blob, again: false) }
        try await contents.take(manifest)
        return manifest
    }

    private func index(of images: [Image]) -> [UInt8] {
        JSONValue.object([
            "schemaVersion": 2, "mediaType": .string(MediaType.ociIndex),
            "manifests": .array(images.map(\.manifestDescriptor.json)),
        ]).canonicalBytes
    }

    private func content(_ bytes: [UInt8]) throws -> ManifestContent {
        let document = try JSONDocument.parse(bytes)
        let descriptor = TestImage.descriptor(bytes, document["mediaType"]?.string ?? "")
        return ManifestContent(descriptor: descriptor, bytes: bytes, document: document)
    }

    private func config(of image: Image) -> ImageBlob {
        ImageBlob(descriptor: image.configDescriptor, source: .local(InMemoryContent(image.config)))
    }

    private func reference(_ registry: StrictRegistry, _ repository: String) -> ImageReference {
        ImageReference(registry: registry.host, repository: repository)
    }
}
