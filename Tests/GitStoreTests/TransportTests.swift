import BuildModel
import GitStore
import Platform
import TestSupport
import Testing

/// Every way to reach a repository brings the same revision.
@Suite("Transports")
struct TransportTests {
    let fixture: GitFixture

    init() throws {
        fixture = try GitFixture()
    }

    private func expectApp(_ url: String, _ mirrors: Mirrors, sourceLocation: SourceLocation = #_sourceLocation)
        async throws
    {
        let repository = try await fixture.repository()
        let commit = try await repository.commit(["index.html": "hello"], message: "Say hello")
        let revision = try await mirrors.fetch(GitSource(url: url), log: fixture.log)
        #expect(revision.commit.hex == commit, sourceLocation: sourceLocation)
        #expect(revision.reference == "main", sourceLocation: sourceLocation)
        #expect(try await mirrors.text("index.html", of: revision) == "hello", sourceLocation: sourceLocation)
    }

    @Test("http fetches what anybody may read")
    func http() async throws {
        let server = try await GitHTTPServer(root: fixture.root, scratch: fixture.scratch)
        try await expectApp(server.url("app"), try fixture.mirrors())
    }

    @Test("git:// fetches from git daemon")
    func daemon() async throws {
        let server = try await GitDaemon(root: fixture.root, scratch: fixture.scratch)
        try await expectApp(server.url("app"), try fixture.mirrors())
    }

    @Test("a file URL works where the configuration allows it")
    func file() async throws {
        try await expectApp(
            "file://\(fixture.root)/app",
            try fixture.mirrors { $0.allowedSchemes.insert("file") }
        )
    }
}
