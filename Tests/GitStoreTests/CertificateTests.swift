import BuildModel
import GitStore
import TestSupport
import Testing

/// https and the authorities that are trusted. Serialized: libgit2 keeps the authorities once per process.
@Suite("Certificates", .serialized)
struct CertificateTests {
    let fixture: GitFixture

    init() throws {
        fixture = try GitFixture()
    }

    @Test("a server whose authority is configured is trusted")
    func trusted() async throws {
        let certificate = try await TestCertificates(in: fixture.scratch)
        let server = try await GitHTTPServer(
            root: fixture.root,
            scratch: fixture.scratch,
            certificates: certificate
        )
        let commit = try await fixture.repository().commit(["index.html": "hello"])
        let mirrors = try fixture.mirrors { $0.certificateAuthorityFile = certificate.authority }
        let revision = try await mirrors.fetch(GitSource(url: server.url("app")), log: fixture.log)
        #expect(revision.commit.hex == commit)
    }

    @Test("a server of another authority is refused")
    func untrusted() async throws {
        let certificate = try await TestCertificates(in: fixture.scratch)
        let elsewhere = try Scratch()
        let other = try await TestCertificates(in: elsewhere)
        let server = try await GitHTTPServer(
            root: fixture.root,
            scratch: fixture.scratch,
            certificates: certificate
        )
        try await fixture.repository().commit(["index.html": "hello"])
        let mirrors = try fixture.mirrors { $0.certificateAuthorityFile = other.authority }
        let failure = try await failure {
            try await mirrors.fetch(GitSource(url: server.url("app")), log: fixture.log)
        }
        #expect(failure.code == .certificateUntrusted)
        #expect(failure.message.contains("not signed by a trusted authority"))
        #expect(failure.fault == .platform && !failure.isRetryable)
    }

    @Test("a certificate file that cannot be read is told at the start")
    func unreadable() throws {
        let missing = fixture.scratch("missing.pem")
        #expect {
            try fixture.mirrors { $0.certificateAuthorityFile = missing }
        } throws: {
            ($0 as? BuildFailure)?.code == .invalidConfiguration
        }
    }
}
