import BuildModel
import Glibc
import HTTPTransport
import Platform
import Registry
import StrictRegistry
import TestSupport
import Testing

@Suite("Uploads that do not come to an end")
struct UploadEndTests {
    let fixture = StrictFixture()

    @Test("an upload that the registry refuses is closed")
    func refused() async throws {
        let registry = try FakeRegistry { request, _ in
            guard request.method == "PUT", request.target.hasPrefix("/upload/") else { return false }
            request.respond(403, body: #"{"errors":[{"code":"DENIED","message":"quota exceeded"}]}"#)
            return true
        }
        let image = StrictFixture.image([StrictFixture.blob(1000)])
        let failure = try await #require(throws: BuildFailure.self) {
            let client = RegistryClient(settings: StrictFixture.settings(), http: fixture.http)
            let target = ImageReference(registry: registry.host, repository: "app", tag: "v1")
            _ = try await client.push(image, to: target, confirm: {}, log: fixture.log)
        }
        #expect(failure.message.contains("quota exceeded"))
        #expect(registry.requests.contains("DELETE /upload/session?state=a%2Fb"), "\(registry.requests)")
    }

    @Test("a push that is cancelled while it sends closes what it opened", arguments: [nil, 500_000] as [Int64?])
    func cancelled(chunkBytes: Int64?) async throws {
        let registry = try StrictRegistry { _, method, path in
            ["PUT", "PATCH"].contains(method) && path.contains("/uploads/") ? .stall : nil
        }
        var settings = StrictFixture.settings()
        settings.chunkBytes[registry.host] = chunkBytes
        // None is to be tried again before all are under way.
        settings.patience = .seconds(120)
        let task = Task { [settings] in
            try await fixture.push(
                StrictFixture.image((0..<3).map { _ in StrictFixture.blob(1_500_000) }),
                to: registry,
                settings: settings
            )
        }
        try await eventually("all are under way") {
            registry.requests.filter { $0.hasPrefix("PUT ") || $0.hasPrefix("PATCH ") }.count == 4
        }
        #expect(registry.openUploads == 4)
        let before = registry.requests.count
        task.cancel()
        let failure = try await #require(throws: BuildFailure.self) { try await task.value }
        #expect(failure.fault == .cancelled)
        #expect(registry.openUploads == 0, "\(registry.requests)")
        // Nobody knows of a commit that was broken off whether it was done: so that is asked first.
        let last = registry.requests.dropFirst(before)
        #expect(last.filter { $0.hasPrefix("DELETE ") }.count == 4, "\(last)")
        #expect(last.filter { $0.hasPrefix("HEAD ") }.count == (chunkBytes == nil ? 4 : 1), "\(last)")
    }

    @Test("a commit that was done is found although no try of it was answered")
    func silentCommits() async throws {
        let registry = try StrictRegistry { _, method, path in
            method == "PUT" && path.contains("/uploads/") ? .lostAnswer : nil
        }
        try await fixture.push(StrictFixture.image([StrictFixture.blob(1000)]), to: registry)
        #expect(registry.faults(ofTag: "v1", in: "team/app") == [] && registry.openUploads == 0)
    }

    @Test("a session that a mount left is closed when the blob itself cannot be had")
    func unusedSession() async throws {
        let registry = try StrictRegistry(quirks: [.mountRefused])
        var base = StrictFixture.blob(20_000)
        base.source = .registry(ImageReference(registry: registry.host, repository: "library/base"))
        await #expect(throws: BuildFailure.self) {
            try await fixture.push(StrictFixture.image([base]), to: registry)
        }
        #expect(registry.requests.contains { $0.contains("mount=") })
        #expect(registry.openUploads == 0, "\(registry.requests)")
    }

    @Test("SIGINT and SIGTERM end a copy in order, with its uploads closed", arguments: [SIGINT, SIGTERM])
    func signal(number: Int32) async throws {
        // Whoever leaves gives the registry four seconds to close them: a busy machine has more than one try.
        for attempt in 1...3 {
            let registry = try Self.silent(alsoForDelete: false)
            let copy = try await RunningCopy(to: registry)
            copy.signal(number)
            let result = try await copy.result()
            #expect(result.status == 130, "\(result.errorText)")
            #expect(registry.digest(ofTag: "t", in: "b") == nil)
            if registry.openUploads == 0 { return }
            #expect(attempt < 3, "\(registry.requests)")
        }
    }

    @Test("a second signal ends a copy at once, whatever its registry does")
    func secondSignal() async throws {
        let registry = try Self.silent(alsoForDelete: true)
        let copy = try await RunningCopy(to: registry)
        copy.signal(SIGINT)
        try await eventually("it tidies up") { registry.requests.contains { $0.hasPrefix("DELETE ") } }
        copy.signal(SIGINT)
        let result = try await copy.result()
        #expect(result.status == 130, "\(result.errorText)")
        #expect(result.errorText.contains("a second signal ends it at once"))
        #expect(registry.openUploads > 0)
    }

    private static func silent(alsoForDelete: Bool) throws -> StrictRegistry {
        try StrictRegistry { _, method, path in
            let methods: Set = alsoForDelete ? ["PUT", "DELETE"] : ["PUT"]
            return methods.contains(method) && path.contains("/uploads/") ? .stall : nil
        }
    }
}

/// `slipway copy` of an image with four layers to `b:t` of a registry, once its uploads are under way.
private struct RunningCopy {
    private let scratch: Scratch
    private let task: Task<CommandResult, any Error>
    private let processID: Int32

    init(to registry: StrictRegistry) async throws {
        let source = try StrictRegistry()
        let layers = (0..<4).map { _ in StrictFixture.blob(200_000) }
        try source.seed(StrictFixture.image(layers), as: "t", in: "a")
        let scratch = try Scratch()
        let words = [
            "/bin/sh", "-c", "echo $$ >\"$0.new\"; mv \"$0.new\" \"$0\"; exec \"$@\"", scratch("pid"),
            SlipwayProgram.path, "copy", "docker://\(source.host)/a:t", "docker://\(registry.host)/b:t",
            "--cache-directory", scratch("cache"),
        ]
        task = Task {
            // The source has to stay until the end.
            defer { _ = source.host }
            return try await Command.result(words)
        }
        let pid: Int32 = try await eventually("the program runs") {
            (try? Files.read(scratch("pid"))).flatMap { Int32(String(decoding: $0.filter { $0 != 10 }, as: UTF8.self)) }
        }
        try await eventually("uploads are under way") {
            registry.requests.filter { $0.hasPrefix("PUT ") }.count == 4
        }
        (self.scratch, processID) = (scratch, pid)
    }

    func signal(_ number: Int32) { kill(processID, number) }

    func result() async throws -> CommandResult { try await task.value }
}
