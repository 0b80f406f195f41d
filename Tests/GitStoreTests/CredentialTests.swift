import BuildModel
import GitStore
import Platform
import TestSupport
import Testing

/// Names and passwords over http: used where they belong, and shown nowhere.
@Suite("Credentials")
struct CredentialTests {
    let fixture: GitFixture
    let server: GitHTTPServer
    let commit: String

    init() async throws {
        fixture = try GitFixture()
        server = try await GitHTTPServer(root: fixture.root, scratch: fixture.scratch, password: "s3cret")
        commit = try await fixture.repository().commit(["a": "1"])
    }

    /// The server as the configuration has to name it.
    private var place: String { "http://127.0.0.1:\(server.port)" }

    private func credential(_ host: String, password: String) -> GitCredential {
        GitCredential(host: host, username: "builder", password: Redacted(password))
    }

    @Test("a configured credential of the host is used")
    func configured() async throws {
        let mirrors = try fixture.mirrors {
            $0.credentials = [
                credential("other.example.org", password: "x"), credential(place, password: "s3cret"),
            ]
        }
        let revision = try await mirrors.fetch(GitSource(url: server.url("app")), log: fixture.log)
        #expect(revision.commit.hex == commit)
    }

    @Test("a credential in the URL is used, and kept out of revision, log, mirror and lock")
    func inURL() async throws {
        let mirrors = try fixture.mirrors()
        let url = server.url("app", user: "builder:s3%63ret")
        let revision = try await mirrors.fetch(GitSource(url: url), log: fixture.log)
        #expect(revision.commit.hex == commit)
        #expect(revision.repositoryURL == server.url("app"))
        #expect(!fixture.log.texts.joined().contains("builder"))
        let found = try await Command.result(["grep", "-rlE", "s3cret|s3%63ret|builder", fixture.scratch("mirrors")])
        #expect(found.text == "")
    }

    @Test("a wrong credential is refused, and told without repeating it")
    func wrong() async throws {
        let failure = try await failure {
            try await fixture.mirrors().fetch(
                GitSource(url: server.url("app", user: "builder:wr0ng")),
                log: fixture.log
            )
        }
        #expect(failure.code == .unauthorized)
        #expect(failure.message.contains("refuses the credential"))
        #expect(!failure.description.contains("wr0ng"))
        #expect(failure.fault == .code && !failure.isRetryable)
    }

    @Test("a missing credential is asked for")
    func missing() async throws {
        let failure = try await failure {
            try await fixture.mirrors().fetch(GitSource(url: server.url("app")), log: fixture.log)
        }
        #expect(failure.code == .unauthorized)
        #expect(failure.message.contains("there is none for it"))
        #expect(failure.message.contains("'\(place)'"))
    }

    @Test("a mirror that is here already is not shown to who may not read the repository")
    func mirrorIsNoWayAround() async throws {
        let entitled = try fixture.mirrors { $0.credentials = [credential(place, password: "s3cret")] }
        _ = try await entitled.fetch(GitSource(url: server.url("app")), log: fixture.log)
        let failure = try await failure {
            try await fixture.mirrors().fetch(GitSource(url: server.url("app"), commit: commit), log: fixture.log)
        }
        #expect(failure.code == .unauthorized)
    }

    @Test("the next credential is tried when the first is refused")
    func second() async throws {
        let mirrors = try fixture.mirrors { $0.credentials = [credential(place, password: "s3cret")] }
        let revision = try await mirrors.fetch(
            GitSource(url: server.url("app", user: "builder:wr0ng")),
            log: fixture.log
        )
        #expect(revision.commit.hex == commit)
    }

    @Test("a configured password is not shown to another port, nor unencrypted, unless the configuration says so")
    func elsewhere() async throws {
        for host in ["127.0.0.1", "http://127.0.0.1", "127.0.0.1:\(server.port)", "http://127.0.0.1:1"] {
            let mirrors = try fixture.mirrors { $0.credentials = [credential(host, password: "s3cret")] }
            let failure = try await failure {
                try await mirrors.fetch(GitSource(url: server.url("app")), log: fixture.log)
            }
            #expect(failure.code == .unauthorized, "\(host)")
            #expect(failure.message.contains("there is none for it"), "\(host)")
        }
    }
}
