import BuildModel
import Glibc
import HTTPTransport
import Platform
import Registry
import Synchronization
import TestSupport
import Testing

@Suite("One gate for each host that is spoken to")
struct GateTests {
    let client = RegistryClient(settings: StrictFixture.settings(), http: StrictFixture().http)

    @Test("a token server that asks for patience gets it, and the pushes end right")
    func busyTokenServer() async throws {
        let begin = Mutex<ContinuousClock.Instant?>(nil)
        let refusals = Mutex(0)
        let tokens = try SocketServer { request in
            let start = begin.withLock { begin in
                begin = begin ?? .now
                return begin ?? .now
            }
            guard start.duration(to: .now) < .seconds(1) else { return request.respond(200, body: #"{"token":"t"}"#) }
            refusals.withLock { $0 += 1 }
            request.respond(429, ["Retry-After": "1"], body: #"{"errors":[{"code":"TOOMANYREQUESTS"}]}"#)
        }
        let registry = try Self.registry(tokens)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<16 { group.addTask { try await hold("app\(number)", registry) } }
            try await group.waitForAll()
        }
        // Five tries would all be over within that second, but for the gate. Who was let in is refused once.
        #expect((1...16).contains(refusals.withLock { $0 }), "\(refusals.withLock { $0 })")
    }

    @Test("a token server is asked by eight at a time")
    func tokenWidth() async throws {
        let inside = Mutex((now: 0, most: 0))
        let tokens = try SocketServer { request in
            inside.withLock { inside in
                inside.now += 1
                inside.most = max(inside.most, inside.now)
            }
            usleep(100_000)
            inside.withLock { $0.now -= 1 }
            request.respond(200, body: #"{"token":"t"}"#)
        }
        let registry = try Self.registry(tokens)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<24 { group.addTask { try await hold("app\(number)", registry) } }
            try await group.waitForAll()
        }
        #expect((2...8).contains(inside.withLock { $0.most }), "\(inside.withLock { $0.most })")
    }

    @Test(
        "a token server that cannot serve is not taken for one that refuses the credentials",
        arguments: [(429, "TOOMANYREQUESTS", "limits how often"), (503, "UNAVAILABLE", "cannot serve now")]
    )
    func words(status: Int, code: String, advice: String) async throws {
        let tokens = try SocketServer { request in
            request.respond(status, ["Retry-After": "0"], body: #"{"errors":[{"code":"\#(code)","message":"busy"}]}"#)
        }
        let registry = try Self.registry(tokens)
        let failure = try await #require(throws: BuildFailure.self) { try await hold("app", registry) }
        #expect(failure.code.rawValue == "registry_unavailable" && failure.isRetryable)
        for part in ["GET \(tokens.url("/token"))", "\(registry.host)/app", "\(status) \(code): busy", advice] {
            #expect(failure.message.contains(part), "\(failure)")
        }
        #expect(!failure.message.contains("Check the credentials"), "\(failure)")
        #expect(tokens.requests.count == 5)
    }

    @Test("where a redirect leads has a gate of its own, which two registries share and neither is held up by")
    func storage() async throws {
        let bytes = Array("the blob".utf8)
        let times = Mutex<[ContinuousClock.Instant]>([])
        let storage = try SocketServer { request in
            let number = times.withLock { times in
                times.append(.now)
                return times.count
            }
            if number == 1 { return request.respond(429, ["Retry-After": "4"]) }
            request.respond(200, body: "the blob")
        }
        let place = storage.url("/data?signature=a")
        let registries = try (0..<2).map { _ in
            try FakeRegistry { request, _ in
                guard request.method == "GET" else { return false }
                request.respond(307, ["Location": place])
                return true
            }
        }
        let descriptor = TestImage.descriptor(bytes, MediaType.ociLayerGzip)
        func fetch(_ registry: FakeRegistry) async throws -> any BlobContent {
            let source = ImageReference(registry: registry.host, repository: "app")
            let blob = ImageBlob(descriptor: descriptor, source: .registry(source))
            return try await client.serving(registry.host).fetchBlob(blob, spoolDirectory: "/tmp")
        }
        async let first = fetch(registries[0])
        try await eventually("the storage was asked") { !storage.requests.isEmpty }
        async let second = fetch(registries[1])
        try await eventually("the other registry was asked") { !registries[1].requests.isEmpty }
        // The registry itself asked for nothing.
        try await hold("app", registries[0])
        let count = storage.requests.count
        // On a busy machine the four seconds may be over by now.
        let sinceFirst = times.withLock { $0.first?.duration(to: .now) ?? .zero }
        if sinceFirst < .milliseconds(3900) { #expect(count == 1) }
        _ = try await (first, second)
        let waits = times.withLock { times in times.dropFirst().map { times[0].duration(to: $0) } }
        #expect(waits.count == 2 && waits.allSatisfy { $0 >= .milliseconds(3900) }, "\(waits)")
    }

    @Test("a token that ends while its request waits at the gate is replaced before the request is sent")
    func tokenEndsAtGate() async throws {
        let given = Mutex(0)
        let tokens = try SocketServer { request in
            let number = given.withLock { given in
                given += 1
                return given
            }
            // Half of that is kept for the way.
            request.respond(200, body: #"{"token":"t\#(number)","expires_in":4}"#)
        }
        let realm = tokens.url("/token")
        let shown = Mutex<[String]>([])
        let registry = try FakeRegistry { request, _ in
            guard let token = request.headers["authorization"] else {
                request.respond(401, ["WWW-Authenticate": #"Bearer realm="\#(realm)",service="s""#])
                return true
            }
            let isFirst = shown.withLock { shown in
                shown.append(token)
                return shown.count == 1
            }
            if isFirst { request.respond(429, ["Retry-After": "3"]) }
            return isFirst
        }
        try await hold("app", registry)
        // On a busy machine one may have ended before it was used at all.
        let sent = shown.withLock { $0 }
        #expect(sent.count == 2 && Set(sent).count == 2, "\(sent)")
    }

    /// A registry that wants tokens of a server.
    private static func registry(_ tokens: SocketServer) throws -> FakeRegistry {
        let realm = tokens.url("/token")
        return try FakeRegistry { request, _ in
            if request.headers["authorization"] != nil { return false }
            request.respond(401, ["WWW-Authenticate": #"Bearer realm="\#(realm)",service="s""#])
            return true
        }
    }

    /// Asks for a blob: one small request.
    private func hold(_ repository: String, _ registry: FakeRegistry) async throws {
        let descriptor = TestImage.descriptor([1], MediaType.ociLayerGzip)
        let reference = ImageReference(registry: registry.host, repository: repository)
        _ = try await client.holdsBlob(descriptor, in: reference)
    }
}
