import BuildModel
import HTTPTransport
import Platform
import Registry
import StrictRegistry
import Synchronization
import TestSupport
import Testing

@Suite("What a registry answers about blobs")
struct BlobAnswerTests {
    let client = RegistryClient(settings: StrictFixture.settings(), http: StrictFixture().http)

    @Test(
        "HEAD is believed where it fits the blob, and the upload decides where it says nothing",
        arguments: [
            (404, nil, true), (403, nil, true), (405, nil, true), (200, "7", true), (200, nil, false),
            (200, "1000", false),
        ] as [(Int, String?, Bool)]
    )
    func presence(status: Int, length: String?, isSent: Bool) async throws {
        let blob = StrictFixture.blob(1000)
        let registry = try FakeRegistry { request, _ in
            guard request.method == "HEAD", request.target.hasSuffix(blob.descriptor.digest.hex) else { return false }
            request.respond(status, length.map { ["Content-Length": $0] } ?? [:])
            return true
        }
        let target = ImageReference(registry: registry.host, repository: "app", tag: "v1")
        _ = try await client.push(StrictFixture.image([blob]), to: target, confirm: {}, log: CollectedLog())
        let puts = registry.requests.filter { $0.hasPrefix("PUT /upload/") && $0.contains(blob.descriptor.digest.hex) }
        #expect(puts.count == (isSent ? 1 : 0), "\(registry.requests)")
    }

    /// A registry that loses the answer to the first commit, and is then asked what it has.
    private func losing(_ about: @escaping @Sendable (ServedRequest, Int) -> Bool) throws -> FakeRegistry {
        try FakeRegistry { request, number in
            if request.method == "HEAD" { return about(request, number) }
            guard request.method == "PUT", request.target.hasPrefix("/upload/"), number == 1 else { return false }
            _ = request.readBody()
            request.hangUp()
            return true
        }
    }

    @Test(
        "a commit whose answer was lost is not done where the registry has something else under the digest",
        arguments: [
            ["Content-Length": "7"], ["Docker-Content-Digest": "sha256:" + String(repeating: "0", count: 64)],
            ["Content-Length": "1000"],
        ]
    )
    func lostCommit(headers: [String: String]) async throws {
        let registry = try losing { request, _ in
            request.respond(200, headers)
            return true
        }
        let contents = try client.contents(of: ImageReference(registry: registry.host, repository: "app"))
        #expect(try await contents.take(StrictFixture.blob(1000), again: true))
        let isDone = headers["Content-Length"] == "1000"
        let puts = registry.requests.filter { $0.hasPrefix("PUT ") }.count
        #expect(puts == (isDone ? 1 : 2), "\(registry.requests)")
    }

    @Test("a registry that cannot say whether a commit was done is asked again before all is sent once more")
    func busyAfterCommit() async throws {
        let registry = try losing { request, number in
            request.respond(number < 3 ? 503 : 200)
            return true
        }
        let contents = try client.contents(of: ImageReference(registry: registry.host, repository: "app"))
        #expect(try await contents.take(StrictFixture.blob(1000), again: true))
        #expect(registry.requests.filter { $0.hasPrefix("PUT ") }.count == 1, "\(registry.requests)")
    }

    @Test("whether a host answers Expect before a body is asked once", arguments: [true, false])
    func expect(answers: Bool) async throws {
        // A host has a second to answer, which on a busy machine may be too little: more than one try.
        var learned: Bool?
        for _ in 0..<3 where learned != answers { learned = try await learnedOfExpect(answers: answers) }
        #expect(learned == answers)
    }

    private func learnedOfExpect(answers: Bool) async throws -> Bool? {
        let asked = Mutex<[Bool]>([])
        let registry = try FakeRegistry { request, _ in
            guard request.method == "PUT", request.target.hasPrefix("/upload/") else { return false }
            let isAsked = request.headers["expect"] == "100-continue"
            asked.withLock { $0.append(isAsked) }
            if isAsked, answers { request.send("HTTP/1.1 100 Continue\r\n\r\n") }
            return false
        }
        let contents = try client.contents(of: ImageReference(registry: registry.host, repository: "app"))
        for size in [1000, (1 << 20) + 1, (1 << 20) + 2, (1 << 20) + 3] {
            #expect(try await contents.take(StrictFixture.blob(size), again: true))
        }
        #expect(asked.withLock { $0 } == [false, true, false, false])
        return try await client.probe(registry.host, repository: nil).knowledge.answersExpect
    }

    @Test("a large blob whose request breaks off twice goes in chunks, and the host is remembered for it")
    func brokenTwice() async throws {
        let registry = try StrictRegistry()
        registry.setSchedule { [weak registry] _, method, path in
            guard method == "PUT", path.contains("/uploads/"), let registry else { return nil }
            let isFirst = registry.requests.filter { $0.hasPrefix("PUT ") }.count <= 2
            return isFirst ? .reset(afterBytes: 100_000) : nil
        }
        let contents = try client.contents(of: ImageReference(registry: registry.host, repository: "app"))
        let blob = StrictFixture.blob((32 << 20) + 1)
        #expect(try await contents.take(blob, again: true))
        // Three of 10 MiB and the rest, in the session that is open.
        #expect(registry.requests.filter { $0.hasPrefix("PATCH ") }.count == 4, "\(registry.requests)")
        #expect(registry.requests.filter { $0.hasPrefix("POST ") }.count == 1)
        #expect(registry.violations == [] && registry.openUploads == 0)
        let knowledge = try await client.probe(registry.host, repository: nil).knowledge
        #expect(knowledge.chunkBytes == 10 << 20)
        // The network may have been at fault.
        let end = try #require(knowledge.chunksUntil) - SystemInformation.currentMilliseconds / 1000
        #expect((80_000...86_400).contains(end))
    }

    @Test("a limit of ranges that an upload meets after a break is not taken for one of whole blobs")
    func rangesAlone() async throws {
        let registry = try StrictRegistry(quirks: [.rangedLimit])
        registry.setSchedule { [weak registry] _, method, path in
            guard method == "PUT", path.contains("/uploads/"), let registry else { return nil }
            return registry.requests.filter { $0.hasPrefix("PUT ") }.count == 1 ? .cut(afterBytes: 1_000_000) : nil
        }
        let contents = try client.contents(of: ImageReference(registry: registry.host, repository: "app"))
        #expect(try await contents.take(StrictFixture.blob(12 << 20), again: true))
        #expect(registry.requests.contains { $0.hasPrefix("PATCH ") }, "\(registry.requests)")
        #expect(try await client.probe(registry.host, repository: nil).knowledge.chunkBytes == nil)
    }
}
