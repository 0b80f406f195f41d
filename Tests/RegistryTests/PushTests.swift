import BuildModel
import HTTPTransport
import Platform
import Registry
import Synchronization
import TestSupport
import Testing

@Suite("Pushing to a real registry")
struct PushTests {
    let client = RegistryClient(settings: RegistrySettings(), http: HTTPClient(label: "http.test"))
    let log = CollectedLog()

    @Test("skopeo reads back what was pushed, digest for digest", arguments: [10_000, 50 << 20])
    func roundTrip(size: Int) async throws {
        let registry = try await RegistryServer()
        let image = TestImage.image([try await TestImage.layer(size: size), try await TestImage.layer(text: "hello")])
        let target = ImageReference(registry: registry.host, repository: "team/app", tag: "v1")
        let published = try await client.push(image, to: target, confirm: {}, log: log)
        #expect(published.uploadedBytes == image.blobBytes)
        #expect(published.reusedBytes == 0)
        #expect(published.reference.description == "\(registry.host)/team/app:v1@\(image.manifestDescriptor.digest)")

        let raw = try await Command.output(["skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(target)"])
        #expect(raw.output == image.manifest)
        let back = try Scratch()
        try await Command.output(
            ["skopeo", "copy", "-q", "--src-tls-verify=false", "docker://\(target)", "oci:\(back("layout")):v1"]
        )
        for descriptor in image.layers.map(\.descriptor) + [image.manifestDescriptor, image.configDescriptor] {
            let bytes = try Files.read(back("layout/blobs/sha256/\(descriptor.digest.hex)"), limit: 64 << 20)
            #expect(Digest(of: bytes) == descriptor.digest)
        }
    }

    @Test("an unchanged image is looked for and nothing else")
    func unchanged() async throws {
        let registry = try await RegistryServer()
        let image = TestImage.image([try await TestImage.layer(), try await TestImage.layer()])
        let target = ImageReference(registry: registry.host, repository: "app", tag: "v1")
        _ = try await client.push(image, to: target, confirm: {}, log: log)
        let before = try await settled(registry)
        let again = try await client.push(image, to: target, confirm: {}, log: log)
        #expect(again.uploadedBytes == 0)
        #expect(again.reusedBytes == image.blobBytes)
        let requests = try await settled(registry, moreThan: before.count).dropFirst(before.count)
        #expect(requests.allSatisfy { $0.hasPrefix("HEAD ") && $0.hasSuffix(" 200") }, "\(requests)")
    }

    @Test("a layer that is there is not sent again for a new image")
    func sharedLayer() async throws {
        let registry = try await RegistryServer()
        let shared = try await TestImage.layer(size: 100_000)
        let target = ImageReference(registry: registry.host, repository: "app", tag: "v1")
        _ = try await client.push(TestImage.image([shared]), to: target, confirm: {}, log: log)
        let next = TestImage.image([shared, try await TestImage.layer()])
        let published = try await client.push(next, to: target, confirm: {}, log: log)
        #expect(published.reusedBytes == shared.blob.descriptor.size)
        #expect(published.uploadedBytes == next.blobBytes - shared.blob.descriptor.size)
    }

    @Test("a layer of another repository of the registry is mounted, not copied")
    func mount() async throws {
        let registry = try await RegistryServer()
        var layer = try await TestImage.layer(size: 100_000)
        let base = ImageReference(registry: registry.host, repository: "library/base", tag: "1")
        _ = try await client.push(TestImage.image([layer]), to: base, confirm: {}, log: log)
        layer.blob.source = .registry(base)
        let image = TestImage.image([layer, try await TestImage.layer()])
        let target = ImageReference(registry: registry.host, repository: "team/app", tag: "v1")
        let published = try await client.push(image, to: target, confirm: {}, log: log)
        #expect(published.reusedBytes == layer.blob.descriptor.size)
        let requests = try await settled(registry)
        #expect(!requests.contains { $0.hasPrefix("GET ") }, "\(requests)")
    }

    @Test("a layer of another registry is copied")
    func copyAcrossRegistries() async throws {
        let (source, destination) = (try await RegistryServer(), try await RegistryServer())
        var layer = try await TestImage.layer(size: 3 << 20)
        let base = ImageReference(registry: source.host, repository: "library/base", tag: "1")
        _ = try await client.push(TestImage.image([layer]), to: base, confirm: {}, log: log)
        layer.blob.source = .registry(base)
        let image = TestImage.image([layer])
        let target = ImageReference(registry: destination.host, repository: "app", tag: "v1")
        let published = try await client.push(image, to: target, confirm: {}, log: log)
        #expect(published.uploadedBytes == image.blobBytes)
        let blob = ImageBlob(descriptor: layer.blob.descriptor, source: .registry(target))
        let content = try await client.fetchBlob(blob, spoolDirectory: "/tmp")
        #expect(Digest(of: try Files.bytes(of: content)) == layer.blob.descriptor.digest)
    }

    @Test("the tag moves only after the confirmation, and not without it")
    func confirmation() async throws {
        let registry = try await RegistryServer()
        let target = ImageReference(registry: registry.host, repository: "app", tag: "v1")
        let first = TestImage.image([try await TestImage.layer()])
        _ = try await client.push(first, to: target, confirm: {}, log: log)

        let second = TestImage.image([try await TestImage.layer()])
        let lostLease = BuildFailure(.cancelled, .cancelled, operation: "test", message: "The lease is lost.")
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.push(
                second,
                to: target,
                confirm: {
                    #expect(try await digest(of: "v1", registry) == first.manifestDescriptor.digest.description)
                    #expect(
                        try await digest(of: second.manifestDescriptor.digest.description, registry)
                            == second.manifestDescriptor.digest.description
                    )
                    throw lostLease
                },
                log: log
            )
        }
        #expect(failure == lostLease)
        #expect(try await digest(of: "v1", registry) == first.manifestDescriptor.digest.description)
    }

    @Test("the tag does not move when the right to it is lost after the confirmation, before the bytes go out")
    func permit() async throws {
        let registry = try await RegistryServer()
        let target = ImageReference(registry: registry.host, repository: "app", tag: "v1")
        let image = TestImage.image([try await TestImage.layer()])
        let permit = LostPermit()
        let failure = await #expect(throws: BuildFailure.self) {
            try await SendPermit.holding(permit.check) {
                // As if the process had been stopped right after Redis said yes.
                _ = try await client.push(image, to: target, confirm: { permit.lose() }, log: log)
            }
        }
        #expect(failure == LostPermit.failure)
        // All but the tag is there: blobs and the manifest by digest wait for whoever comes next.
        let named = image.manifestDescriptor.digest.description
        #expect(try await digest(of: named, registry) == named)
        #expect(try await digest(of: "v1", registry) == nil)
        try await SendPermit.holding(LostPermit().check) {
            _ = try await client.push(image, to: target, confirm: {}, log: log)
        }
        #expect(try await digest(of: "v1", registry) == named)
    }

    @Test("content that is not what its descriptor says is not sent", arguments: ["size", "digest"])
    func changedContent(what: String) async throws {
        let registry = try await RegistryServer()
        var layer = try await TestImage.layer()
        let size = Int(layer.blob.descriptor.size)
        let bytes = [UInt8](repeating: 1, count: what == "size" ? size - 1 : size)
        layer.blob.source = .local(InMemoryContent(bytes))
        let target = ImageReference(registry: registry.host, repository: "app", tag: "v1")
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.push(TestImage.image([layer]), to: target, confirm: {}, log: log)
        }
        #expect(failure.code == .corrupted)
        #expect(failure.message.contains(layer.blob.descriptor.digest.description))
    }

    @Test("bytes that are made when they are lacking are made for the registry that lacks them, once")
    func deferred() async throws {
        let registry = try await RegistryServer()
        var layer = try await TestImage.layer()
        guard case .local(let content) = layer.blob.source else { return }
        let made = Mutex(0)
        layer.blob.source = .deferred(
            DeferredContent {
                made.withLock { $0 += 1 }
                return content
            }
        )
        // In the third repository it is mounted from where it was seen.
        for name in ["app", "app", "other"] {
            // The second layer makes each image another one, so that the manifest alone says nothing.
            let image = TestImage.image([layer, try await TestImage.layer()])
            let target = ImageReference(registry: registry.host, repository: name, tag: "v1")
            let published = try await client.push(image, to: target, confirm: {}, log: log)
            #expect(published.reusedBytes + published.uploadedBytes == image.blobBytes)
        }
        #expect(made.withLock { $0 } == 1)
    }

    @Test("bytes that cannot be made are an error of their own")
    func deferredFailure() async throws {
        let registry = try await RegistryServer()
        var layer = try await TestImage.layer()
        let reason = BuildFailure(.platform, .corrupted, operation: "layer.remake", message: "Other bytes.")
        layer.blob.source = .deferred(DeferredContent { throw reason })
        let target = ImageReference(registry: registry.host, repository: "app", tag: "v1")
        let image = TestImage.image([layer])
        let failure = await #expect(throws: BuildFailure.self) {
            try await client.push(image, to: target, confirm: {}, log: log)
        }
        #expect(failure == reason)
        #expect(try await digest(of: "v1", registry) == nil)
    }

    private func digest(of reference: String, _ registry: RegistryServer) async throws -> String? {
        let http = HTTPClient(label: "http.test")
        let accept = HTTPHeaders(["Accept": MediaType.ociManifest].map { (name: $0.key, value: $0.value) })
        let url = "http://\(registry.host)/v2/app/manifests/\(reference)"
        return try await http.execute(HTTPRequest(.head, url, headers: accept)).0.headers["Docker-Content-Digest"]
    }

    /// The requests that the registry wrote down, once it wrote down all: its access log lags behind its answers.
    private func settled(_ registry: RegistryServer, moreThan count: Int = 0) async throws -> [String] {
        let mark = "/v2/marker-\(UInt32.random(in: 0 ... .max))/tags/list"
        _ = try await HTTPClient(label: "http.test").execute(HTTPRequest(.get, "http://\(registry.host)\(mark)"))
        return try await eventually("the registry logged everything") {
            let requests = registry.requests
            guard requests.contains(where: { $0.contains(mark) }) else { return nil }
            return requests.filter { !$0.contains("/v2/marker-") }
        }
    }
}

/// A permit to send that a test can take away.
private final class LostPermit: Sendable {
    static let failure = BuildFailure(.platform, .internal, operation: "test", message: "The lease ran out.")
    private let isLost = Mutex(false)

    func lose() { isLost.withLock { $0 = true } }

    func check() throws(BuildFailure) {
        if isLost.withLock({ $0 }) { throw Self.failure }
    }
}
