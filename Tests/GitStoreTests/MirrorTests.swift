import BuildModel
import GitStore
import Platform
import TestSupport
import Testing

/// What a mirror keeps from one fetch to the next.
@Suite("Mirrors")
struct MirrorTests {
    let fixture: GitFixture
    let server: GitHTTPServer

    init() async throws {
        fixture = try GitFixture()
        server = try await GitHTTPServer(root: fixture.root, scratch: fixture.scratch)
    }

    private var source: GitSource { GitSource(url: server.url("app")) }

    /// The objects that the last fetch brought, by the log's last line; nil when it brought nothing.
    private func objectsFetched() throws -> Int? {
        let line = try #require(fixture.log.texts.last { $0.hasPrefix("Fetched ") })
        guard let cost = line.split(separator: "(").last?.split(separator: " ").first else { return nil }
        return Int(cost)
    }

    @Test("the first fetch is shallow, the next brings only what is new, the third nothing")
    func incremental() async throws {
        let repository = try await fixture.repository()
        for number in 0..<5 { try await repository.commit(["many/\(number)": "\(number)", "a": "\(number)"]) }
        let mirrors = try fixture.mirrors()
        _ = try await mirrors.fetch(source, log: fixture.log)
        #expect(try await fixture.mirrorGit("rev-parse", "--is-shallow-repository") == "true")
        #expect(try objectsFetched() == 8)
        let commit = try await repository.commit(["a": "new"])
        let revision = try await mirrors.fetch(source, log: fixture.log)
        #expect(revision.commit.hex == commit)
        #expect(try objectsFetched() == 3)
        _ = try await mirrors.fetch(source, log: fixture.log)
        #expect(try objectsFetched() == nil)
        #expect(try await mirrors.entries(of: revision).count == 7)
    }

    @Test("a short commit id completes a shallow mirror, and later branches stay incremental")
    func completed() async throws {
        let repository = try await fixture.repository()
        let first = try await repository.commit(["a": "1"])
        try await repository.commit(["a": "2"])
        let mirrors = try fixture.mirrors()
        _ = try await mirrors.fetch(source, log: fixture.log)
        let short = GitSource(url: source.url, commit: String(first.prefix(8)))
        _ = try await mirrors.fetch(short, log: fixture.log)
        #expect(try await fixture.mirrorGit("rev-parse", "--is-shallow-repository") == "false")
        try await repository.commit(["a": "3"])
        _ = try await mirrors.fetch(source, log: fixture.log)
        #expect(try await fixture.mirrorGit("rev-parse", "--is-shallow-repository") == "false")
        #expect(try objectsFetched() == 3)
    }

    @Test("a force-pushed branch is followed")
    func forcePush() async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["a": "1"])
        try await repository.commit(["a": "2"])
        let mirrors = try fixture.mirrors()
        _ = try await mirrors.fetch(source, log: fixture.log)
        try await repository.git("reset", "-q", "--hard", "HEAD~1")
        let commit = try await repository.commit(["a": "other"])
        let revision = try await mirrors.fetch(source, log: fixture.log)
        #expect(revision.commit.hex == commit)
        #expect(try await mirrors.text("a", of: revision) == "other")
    }

    @Test("a branch may take the place of one that was deleted, also as its directory", arguments: [false, true])
    func deletedBranch(isComplete: Bool) async throws {
        let repository = try await fixture.repository()
        let first = try await repository.commit(["a": "1"])
        try await repository.git("branch", "topic")
        let mirrors = try fixture.mirrors()
        let short = isComplete ? String(first.prefix(8)) : nil
        _ = try await mirrors.fetch(GitSource(url: source.url, branch: "topic", commit: short), log: fixture.log)
        try await repository.git("branch", "-D", "topic")
        let failure = try await failure {
            try await mirrors.fetch(GitSource(url: source.url, branch: "topic"), log: fixture.log)
        }
        #expect(failure.code == .branchNotFound)
        try await repository.git("branch", "topic/sub")
        let revision = try await mirrors.fetch(
            GitSource(url: source.url, branch: "topic/sub", commit: short),
            log: fixture.log
        )
        #expect(revision.commit.hex == first)
    }

    @Test("two fetches at once both succeed")
    func concurrent() async throws {
        let commit = try await fixture.repository().commit(["a": "1"])
        let (mirrors, source, log) = (try fixture.mirrors(), source, fixture.log)
        try await withThrowingTaskGroup(of: Revision.self) { group in
            for _ in 0..<8 { group.addTask { try await mirrors.fetch(source, log: log) } }
            for try await revision in group { #expect(revision.commit.hex == commit) }
        }
        #expect(
            try Directories.list(try fixture.mirrorPath() + "/objects/pack").filter { $0.hasSuffix(".pack") }.count == 1
        )
    }

    @Test("a fetch waits for another process that holds the mirror's lock")
    func otherProcess() async throws {
        let commit = try await fixture.repository().commit(["a": "1"])
        let mirrors = try fixture.mirrors()
        _ = try await mirrors.fetch(source, log: fixture.log)
        let lock = String(try fixture.mirrorPath().dropLast(4)) + ".lock"
        let mark = fixture.scratch("locked")
        let holder = try await ServerProcess(
            ["/usr/bin/flock", "--no-fork", lock, "sh", "-c", "touch \(mark); exec sleep 600"],
            log: fixture.scratch("flock.log")
        )
        try await eventually("the lock is held") { Files.exists(mark) }
        let (source, log) = (source, fixture.log)
        let waiting = try await failure {
            try await fixture.mirrors { $0.timeout = .milliseconds(300) }.fetch(source, log: log)
        }
        #expect(waiting.fault == .timedOut)
        async let revision = mirrors.fetch(source, log: log)
        holder.stop()
        #expect(try await revision.commit.hex == commit)
    }
}
