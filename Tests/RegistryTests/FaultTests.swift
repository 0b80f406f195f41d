import BuildModel
import HTTPTransport
import Platform
import Registry
import Synchronization
import TestSupport
import Testing

@Suite("A registry that misbehaves")
struct FaultTests {
    let client = RegistryClient(settings: RegistrySettings(), http: HTTPClient(label: "http.test"))
    let log = CollectedLog()

    @Test("429 with Retry-After is waited for")
    func tooManyRequests() async throws {
        let registry = try FakeRegistry { request, number in
            guard request.method == "POST", number == 1 else { return false }
            request.respond(429, ["Retry-After": "1"], body: #"{"errors":[{"code":"TOOMANYREQUESTS"}]}"#)
            return true
        }
        let start = ContinuousClock.now
        try await push(to: registry)
        #expect(start.duration(to: .now) >= .seconds(1))
    }

    @Test("a server error that passes does not fail the push", arguments: ["HEAD", "POST", "PUT"])
    func passingError(method: String) async throws {
        let registry = try FakeRegistry { request, number in
            guard request.method == method, number == 1 else { return false }
            request.respond(503)
            return true
        }
        try await push(to: registry)
    }

    @Test("an upload that is reset in the middle is begun anew")
    func resetUpload() async throws {
        let registry = try FakeRegistry { request, number in
            guard request.method == "PUT", request.target.hasPrefix("/upload/"), number == 1 else { return false }
            _ = request.read(1000)
            request.reset()
            return true
        }
        try await push(to: registry, size: 4 << 20)
        let uploads = registry.requests.filter { $0.hasPrefix("POST ") }
        #expect(uploads.count == 3)
    }

    @Test("a commit whose answer was lost is looked for, not repeated")
    func lostCommit() async throws {
        let committed = Mutex<String?>(nil)
        let registry = try FakeRegistry { request, number in
            if request.method == "PUT", request.target.hasPrefix("/upload/"), number == 1 {
                let body = request.readBody()
                committed.withLock { $0 = "/v2/app/blobs/\(Digest(of: body))" }
                request.hangUp()
                return true
            }
            guard request.method == "HEAD", committed.withLock({ $0 == request.target }) else { return false }
            request.respond(200)
            return true
        }
        try await push(to: registry, size: 100_000)
        #expect(registry.requests.filter { $0.hasPrefix("PUT /upload/") }.count == 2)
    }

    @Test("an error that stays ends in words after a few tries", .timeLimit(.minutes(5)))
    func lastingError() async throws {
        let registry = try FakeRegistry { request, _ in
            guard request.method == "POST" else { return false }
            request.respond(
                503,
                ["Retry-After": "0"],
                body: #"{"errors":[{"code":"UNAVAILABLE","message":"service unavailable"}]}"#
            )
            return true
        }
        let failure = try await #require(throws: BuildFailure.self) { try await push(to: registry) }
        #expect(failure.isRetryable)
        for part in [registry.host, "/app", "POST", "503", "UNAVAILABLE: service unavailable"] {
            #expect(failure.message.contains(part))
        }
        // Two blobs, five tries each.
        #expect(registry.requests.filter { $0.hasPrefix("POST ") }.count <= 10)
    }

    @Test("a refusal in the middle of an upload is heard, not overrun")
    func earlyRefusal() async throws {
        let registry = try FakeRegistry { request, _ in
            guard request.method == "PUT", request.target.hasPrefix("/upload/") else { return false }
            _ = request.read(100)
            request.send("HTTP/1.1 413 Too Large\r\nContent-Length: 8\r\nConnection: close\r\n\r\ntoo much")
            request.waitForClose()
            return true
        }
        let failure = try await #require(throws: BuildFailure.self) { try await push(to: registry, size: 32 << 20) }
        #expect(failure.code == .limitExceeded)
        #expect(failure.message.contains("413"))
        #expect(failure.cause == "too much")
    }

    @Test(
        "a refusal says what was refused and what to do",
        arguments: [
            (403, "registry_denied", "Configure a user for"), (413, "limit_exceeded", "limits the size"),
            (404, "not_found", "create"),
        ]
    )
    func refusal(status: Int, code: String, advice: String) async throws {
        let registry = try FakeRegistry { request, _ in
            guard request.method == "POST" else { return false }
            request.respond(status, body: #"{"errors":[{"code":"DENIED","message":"no"}]}"#)
            return true
        }
        let failure = try await #require(throws: BuildFailure.self) { try await push(to: registry) }
        #expect(failure.code.rawValue == code)
        #expect(failure.message.contains(advice))
        #expect(failure.message.contains("DENIED: no"))
        #expect(!failure.isRetryable)
    }

    @Test("a digest in a reply that is not ours fails the push", arguments: ["/upload/", "/v2/app/manifests/"])
    func wrongDigest(path: String) async throws {
        let other = "sha256:" + String(repeating: "0", count: 64)
        let registry = try FakeRegistry { request, _ in
            guard request.method == "PUT", request.target.hasPrefix(path) else { return false }
            request.respond(201, ["Docker-Content-Digest": other])
            return true
        }
        let failure = try await #require(throws: BuildFailure.self) { try await push(to: registry) }
        #expect(failure.code == .corrupted)
        #expect(failure.message.contains(other))
    }

    @Test("blobs that the registry lost since it was asked are uploaded after all")
    func lostBlobs() async throws {
        let registry = try FakeRegistry { request, number in
            if request.method == "HEAD", request.target.contains("/blobs/") {
                request.respond(200)
                return true
            }
            guard request.method == "PUT", request.target.contains("/manifests/sha256:"), number == 1 else {
                return false
            }
            request.respond(400, body: #"{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}"#)
            return true
        }
        try await push(to: registry)
        #expect(registry.requests.filter { $0.hasPrefix("PUT /upload/") }.count == 2)
    }

    @Test(
        "all that the registry lost is uploaded, whether it names everything at once or one after the other",
        arguments: [(100, 2), (1, 4)]
    )
    func manyLostBlobs(named: Int, rounds: Int) async throws {
        let image = StrictFixture.image((0..<8).map { _ in StrictFixture.blob(100) })
        let lost = Mutex(Set(image.layers.map(\.descriptor.digest.description)))
        let registry = try FakeRegistry { request, _ in
            if request.method == "HEAD", request.target.contains("/blobs/") {
                request.respond(200)
                return true
            }
            guard request.method == "PUT" else { return false }
            if request.target.hasPrefix("/upload/") {
                lost.withLock { lost in lost = lost.filter { !request.target.contains($0.dropFirst(7)) } }
                return false
            }
            let missing = lost.withLock { $0.sorted().prefix(named) }
            guard !missing.isEmpty else { return false }
            let errors = missing.map { #"{"code":"MANIFEST_BLOB_UNKNOWN","message":"unknown","detail":"\#($0)"}"# }
            request.respond(404, body: #"{"errors":[\#(errors.joined(separator: ","))]}"#)
            return true
        }
        _ = try await client.push(image, to: name(registry, tag: "v1"), confirm: {}, log: log)
        let manifest = "PUT /v2/app/manifests/\(image.manifestDescriptor.digest)"
        #expect(registry.requests.filter { $0 == manifest }.count == rounds, "\(registry.requests)")
        #expect(lost.withLock { $0 }.isEmpty)
    }

    @Test("a blob that the registry lost before the tag moved is uploaded before the next try")
    func lostBeforeTag() async throws {
        let image = StrictFixture.image([StrictFixture.blob(100), StrictFixture.blob(100)])
        let digest = image.layers[1].descriptor.digest
        let registry = try FakeRegistry { request, number in
            guard request.method == "PUT", request.target.hasSuffix("/manifests/v1"), number == 1 else { return false }
            let error = #"{"code":"MANIFEST_BLOB_UNKNOWN","detail":{"digest":"\#(digest)"}}"#
            request.respond(404, body: #"{"errors":[\#(error)]}"#)
            return true
        }
        _ = try await client.push(image, to: name(registry, tag: "v1"), confirm: {}, log: log)
        let uploads = registry.requests.filter { $0.hasPrefix("PUT /upload/") && $0.contains(digest.hex) }
        #expect(uploads.count == 2, "\(registry.requests)")
    }

    @Test(
        "a manifest that is not one is refused",
        arguments: [
            (#"{"schemaVersion":2,"#, "protocol_violation", "not JSON"), ("", "protocol_violation", "not JSON"),
            (#"{"schemaVersion":1}"#, "invalid_image", "schema version 2"),
            (#"{"schemaVersion":2}"#, "invalid_image", "'config'"),
            (#"{"schemaVersion":2,"config":{"digest":"x"}}"#, "invalid_image", "'config'"),
        ]
    )
    func oddManifest(text: String, code: String, words: String) async throws {
        let registry = try FakeRegistry { request, _ in
            guard request.target.contains("/manifests/") else { return false }
            request.respond(200, body: text)
            return true
        }
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.baseImage(name(registry, tag: "1"), platform: .current)
        }
        #expect(failure.code.rawValue == code)
        #expect(failure.message.contains(words), "\(failure)")
    }

    @Test("a manifest with another digest than asked for is refused")
    func substitutedManifest() async throws {
        let registry = try FakeRegistry { request, _ in
            request.respond(200, body: #"{"schemaVersion":2}"#)
            return true
        }
        var wanted = name(registry, tag: nil)
        wanted.digest = Digest(of: "something else")
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.baseImage(wanted, platform: .current)
        }
        #expect(failure.code == .corrupted)
    }

    @Test(
        "a blob with other bytes than promised is refused",
        arguments: ["other bytes!", "short", "much too long for it"]
    )
    func substitutedBlob(body: String) async throws {
        let registry = try FakeRegistry { request, _ in
            request.respond(200, body: body)
            return true
        }
        let bytes = Array("right bytes!".utf8)
        let descriptor = TestImage.descriptor(bytes, MediaType.ociLayerGzip)
        let blob = ImageBlob(descriptor: descriptor, source: .registry(name(registry, tag: "1")))
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.fetchBlob(blob, spoolDirectory: "/tmp")
        }
        #expect(failure.code == .corrupted)
        #expect(failure.message.contains(descriptor.digest.description))
    }

    @Test("cancelling a push ends it while it waits for the registry")
    func cancellation() async throws {
        let registry = try FakeRegistry { request, _ in
            guard request.method == "POST" else { return false }
            request.respond(429, ["Retry-After": "300"])
            return true
        }
        let task = Task { try await push(to: registry) }
        try await eventually("the registry was asked") { registry.requests.contains { $0.hasPrefix("POST") } }
        let start = ContinuousClock.now
        task.cancel()
        let failure = try await #require(throws: BuildFailure.self) { try await task.value }
        #expect(failure.fault == .cancelled)
        #expect(start.duration(to: .now) < .seconds(120))
    }

    private func push(to registry: FakeRegistry, size: Int = 1000) async throws {
        let image = TestImage.image([try await TestImage.layer(size: size)])
        _ = try await client.push(image, to: name(registry, tag: "v1"), confirm: {}, log: log)
        #expect(registry.requests.last == "PUT /v2/app/manifests/v1")
    }

    private func name(_ registry: FakeRegistry, tag: String?) -> ImageReference {
        ImageReference(registry: registry.host, repository: "app", tag: tag)
    }
}
