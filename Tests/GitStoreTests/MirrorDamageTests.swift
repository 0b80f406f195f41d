import BuildModel
import GitStore
import Platform
import TestSupport
import Testing

/// Mirrors that lose objects mend themselves.
@Suite("Damaged mirrors")
struct MirrorDamageTests {
    let fixture: GitFixture
    let server: GitHTTPServer

    init() async throws {
        fixture = try GitFixture()
        server = try await GitHTTPServer(root: fixture.root, scratch: fixture.scratch)
    }

    private var source: GitSource { GitSource(url: server.url("app")) }

    @Test("a damaged mirror is dropped and fetched anew, and the log says so")
    func damagedPack() async throws {
        let commit = try await fixture.repository().commit(["a": "1"])
        let mirrors = try fixture.mirrors()
        _ = try await mirrors.fetch(source, log: fixture.log)
        let packs = try fixture.mirrorPath() + "/objects/pack"
        for name in try Directories.list(packs) where name.hasSuffix(".pack") {
            try Directories.remove("\(packs)/\(name)")
        }
        let revision = try await mirrors.fetch(source, log: fixture.log)
        #expect(revision.commit.hex == commit)
        #expect(try await mirrors.text("a", of: revision) == "1")
        #expect(fixture.log.texts.contains { $0.contains("is damaged; fetching it anew") })
    }

    @Test("damage that a reader finds is a failure that may pass, and the next fetch mends it")
    func damagedBlob() async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["a": String(repeating: "content ", count: 2000)])
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source, log: fixture.log)
        try await loseBlob(try await repository.git("rev-parse", "HEAD:a"))
        let failure = try await failure { try await mirrors.text("a", of: revision) }
        #expect(failure.code == .damaged)
        #expect(failure.isRetryable)
        _ = try await mirrors.fetch(source, log: fixture.log)
        #expect(try await mirrors.text("a", of: revision)?.hasPrefix("content") == true)
    }

    @Test("a mirror that is gone when a reader comes is a failure that may pass")
    func gone() async throws {
        try await fixture.repository().commit(["a": "1"])
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source, log: fixture.log)
        try Directories.remove(try fixture.mirrorPath())
        let failure = try await failure { try await mirrors.text("a", of: revision) }
        #expect(failure.code == .damaged)
        #expect(failure.isRetryable)
    }

    /// Unpacks the mirror and removes one object.
    private func loseBlob(_ id: String) async throws {
        let mirror = try fixture.mirrorPath()
        let packs = "\(mirror)/objects/pack"
        for name in try Directories.list(packs) {
            try await Command.output(["mv", "\(packs)/\(name)", fixture.scratch(name)])
            guard name.hasSuffix(".pack") else { continue }
            let pack = try Files.read(fixture.scratch(name))
            try await Command.output(
                ["git", "-c", "safe.directory=*", "--git-dir", mirror, "unpack-objects", "-q"],
                input: pack
            )
        }
        try Directories.remove("\(mirror)/objects/\(id.prefix(2))/\(id.dropFirst(2))")
    }
}
