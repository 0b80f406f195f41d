import BuildModel
import HTTPTransport
import Platform
import Registry
import StrictRegistry
import Synchronization
import TestSupport
import Testing

@Suite("Blobs that go ahead of their image")
struct BlobsAheadTests {
    private let fixture = StrictFixture()

    private var client: RegistryClient { RegistryClient(settings: StrictFixture.settings(), http: fixture.http) }

    private func target(_ registry: StrictRegistry) -> ImageReference {
        ImageReference(registry: registry.host, repository: "team/app", tag: "v1")
    }

    @Test("are there before the image is, and are neither asked for nor sent again")
    func ahead() async throws {
        let registry = try StrictRegistry()
        let image = StrictFixture.image((0..<7).map { _ in StrictFixture.blob(100_000) })
        let early = image.layers.prefix(6)
        let log = fixture.log
        let published = try await client.sendingAhead(to: target(registry), log: log) { ahead in
            for blob in early { ahead.send(blob) }
            try await eventually("they are sent") { registry.requests.count { $0.isUpload } == early.count }
            return try await client.push(image, to: target(registry), after: ahead, confirm: {}, log: log)
        }
        #expect(registry.faults(ofTag: "v1", in: "team/app") == [])
        for blob in image.layers {
            let requests = registry.requests.filter { $0.contains(blob.descriptor.digest.hex) }
            #expect(requests.count { $0.hasPrefix("HEAD ") } == 1, "\(requests)")
            #expect(requests.count { $0.isUpload } == 1, "\(requests)")
            #expect(published.ways[blob.descriptor.digest] == .uploaded)
        }
        let bytes = image.layers.reduce(image.configDescriptor.size) { $0 + $1.descriptor.size }
        #expect(published.uploadedBytes == bytes)
        #expect(published.reusedBytes == 0)
    }

    @Test("that would have to be made are looked for alone, and are made with the image where they are lacking")
    func deferred() async throws {
        let registry = try StrictRegistry()
        let layers = (0..<2).map { _ in StrictFixture.blob(100_000) }
        try await fixture.push(StrictFixture.image([layers[0]]), to: registry)
        let made = Mutex<[Digest]>([])
        let image = StrictFixture.image(
            layers.map { layer in
                let content = DeferredContent {
                    made.withLock { $0.append(layer.descriptor.digest) }
                    guard case .local(let content) = layer.source else { throw CancellationError() }
                    return content
                }
                return ImageBlob(descriptor: layer.descriptor, source: .deferred(content))
            }
        )
        let before = registry.requests.count
        let log = fixture.log
        let published = try await client.sendingAhead(to: target(registry), log: log) { ahead in
            for blob in image.layers { ahead.send(blob) }
            try await eventually("both are looked for") {
                registry.requests.dropFirst(before).count { $0.hasPrefix("HEAD ") } == 2
            }
            #expect(made.withLock { $0 } == [])
            return try await client.push(image, to: target(registry), after: ahead, confirm: {}, log: log)
        }
        #expect(registry.faults(ofTag: "v1", in: "team/app") == [])
        let (there, lacking) = (layers[0].descriptor.digest, layers[1].descriptor.digest)
        #expect(registry.requests.dropFirst(before).count { $0.contains(there.hex) } == 1)
        #expect(made.withLock { $0 } == [lacking])
        #expect(published.ways[there] == .alreadyThere && published.ways[lacking] == .uploaded)
    }

    @Test("are sent with the image where they could not be sent a while before it")
    func failing() async throws {
        let isRefusing = Mutex(true)
        let registry = try StrictRegistry { _, method, path in
            guard method == "POST", path.contains("/uploads/") else { return nil }
            return isRefusing.withLock { $0 } ? .serverError : nil
        }
        let image = StrictFixture.image((0..<3).map { _ in StrictFixture.blob(100_000) })
        let log = fixture.log
        try await client.sendingAhead(to: target(registry), log: log) { ahead in
            for blob in image.layers { ahead.send(blob) }
            try await eventually("they are given up") { log.texts.contains { $0.contains("no blobs are sent ahead") } }
            isRefusing.withLock { $0 = false }
            // Longer than a failure stands, with a first delay of 20 ms.
            try await Task.sleep(for: .seconds(1))
            _ = try await client.push(image, to: target(registry), after: ahead, confirm: {}, log: log)
        }
        #expect(registry.faults(ofTag: "v1", in: "team/app") == [])
        #expect(log.texts.count { $0.contains("no blobs are sent ahead") } == 1)
    }

    @Test("end the push that follows at once where their tries have just come to nothing")
    func failed() async throws {
        let registry = try StrictRegistry { _, method, path in
            method == "POST" && path.contains("/uploads/") ? .serverError : nil
        }
        let image = StrictFixture.image([StrictFixture.blob(100_000), StrictFixture.blob(100)])
        var settings = StrictFixture.settings()
        // A failure stands for 14 seconds.
        settings.firstDelay = .milliseconds(700)
        let client = RegistryClient(settings: settings, http: fixture.http)
        let log = fixture.log
        let failure = await #expect(throws: BuildFailure.self) {
            try await client.sendingAhead(to: target(registry), log: log) { ahead in
                ahead.send(image.layers[0])
                _ = try await client.push(image, to: target(registry), after: ahead, confirm: {}, log: log)
            }
        }
        #expect(failure?.isRetryable == true)
        #expect(registry.requests.count { $0.hasPrefix("POST ") && $0.contains("/uploads/") } == 5)
    }

    @Test("are given up where the image fails, with no upload left open")
    func givenUp() async throws {
        let registry = try StrictRegistry()
        let log = fixture.log
        let trouble = BuildFailure(.code, .internal, operation: "test", message: "There is no image.")
        let failure = await #expect(throws: BuildFailure.self) {
            try await client.sendingAhead(to: target(registry), log: log) { ahead in
                ahead.send(StrictFixture.blob(100_000))
                throw trouble
            }
        }
        #expect(failure == trouble)
        try await eventually("nothing is open") { registry.openUploads == 0 }
    }

    @Test("hold up no push of an image that is there already")
    func unchanged() async throws {
        let registry = try StrictRegistry()
        let image = StrictFixture.image([StrictFixture.blob(100_000)])
        try await fixture.push(image, to: registry)
        let log = fixture.log
        let before = registry.requests.count
        let published = try await client.sendingAhead(to: target(registry), log: log) { ahead in
            try await client.push(image, to: target(registry), after: ahead, confirm: {}, log: log)
        }
        #expect(published.uploadedBytes == 0)
        #expect(registry.requests.count == before + 1)
    }
}

extension String {
    /// Whether a request closes an upload with its bytes.
    fileprivate var isUpload: Bool { hasPrefix("PUT ") && contains("/uploads/") }
}
