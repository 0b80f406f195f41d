import BuildModel
import GitStore
import TestSupport
import Testing

/// What a source may name, and what it then means.
@Suite("References")
struct ReferenceTests {
    let fixture: GitFixture
    let server: GitHTTPServer

    init() async throws {
        fixture = try GitFixture()
        server = try await GitHTTPServer(root: fixture.root, scratch: fixture.scratch)
    }

    private func source(branch: String? = nil, commit: String? = nil, root: String = "") -> GitSource {
        GitSource(url: server.url("app"), branch: branch, commit: commit, rootDirectory: root)
    }

    @Test("a branch, a lightweight tag, an annotated tag and a full name each lead to their commit")
    func names() async throws {
        let repository = try await fixture.repository()
        let first = try await repository.commit(["a": "1"])
        try await repository.git("tag", "v1")
        let second = try await repository.commit(["a": "2"])
        try await repository.git("tag", "-a", "-m", "Two", "v2")
        try await repository.git("branch", "feature/x", first)
        let mirrors = try fixture.mirrors()
        for (name, commit) in [
            ("main", second), ("v1", first), ("v2", second), ("feature/x", first), ("refs/tags/v1", first),
        ] {
            let revision = try await mirrors.fetch(source(branch: name), log: fixture.log)
            #expect(revision.commit.hex == commit, "\(name)")
        }
    }

    @Test("the default branch is the server's, whatever its name")
    func defaultBranch() async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["a": "1"])
        try await repository.git("checkout", "-q", "-b", "trunk")
        let commit = try await repository.commit(["a": "2"])
        let revision = try await fixture.mirrors().fetch(source(), log: fixture.log)
        #expect(revision.commit.hex == commit)
        #expect(revision.reference == "trunk")
    }

    @Test(
        "an old commit is found by its full id, whether the server hands out any id or not",
        arguments: [true, false]
    )
    func fullCommit(anyID: Bool) async throws {
        let repository = try await fixture.repository()
        try await repository.git("config", "uploadpack.allowAnySHA1InWant", "\(anyID)")
        let old = try await repository.commit(["a": "1"])
        try await repository.commit(["a": "2"])
        let mirrors = try fixture.mirrors()
        _ = try await mirrors.fetch(source(), log: fixture.log)
        let revision = try await mirrors.fetch(source(commit: old.uppercased()), log: fixture.log)
        #expect(revision.commit.hex == old)
        #expect(try await mirrors.text("a", of: revision) == "1")
    }

    @Test("an abbreviated commit id is completed")
    func shortCommit() async throws {
        let repository = try await fixture.repository()
        let old = try await repository.commit(["a": "1"])
        try await repository.commit(["a": "2"])
        let mirrors = try fixture.mirrors()
        _ = try await mirrors.fetch(source(), log: fixture.log)
        for digits in [7, 8, 12] {
            let revision = try await mirrors.fetch(source(commit: String(old.prefix(digits))), log: fixture.log)
            #expect(revision.commit.hex == old)
        }
    }

    @Test("digits that begin several commits are refused with the commits that they begin")
    func ambiguous() async throws {
        let repository = try await fixture.repository()
        // Enough commits that some two begin with the same four digits: 600 of 65536 give more than 180,000 pairs.
        let script = (1...600).map { number in
            "commit refs/heads/main\ncommitter A <a@example.org> \(1_700_000_000 + number) +0000\ndata 1\nx\n"
        }
        try await repository.git("fast-import", "--quiet", input: Array(script.joined().utf8))
        let ids = try await repository.git("rev-list", "main").split(separator: "\n").map(String.init)
        let groups = Dictionary(grouping: ids) { $0.prefix(4) }
        let twins = try #require(groups.values.first { $0.count > 1 })
        let failure = try await failure {
            try await fixture.mirrors().fetch(source(commit: String(twins[0].prefix(4))), log: fixture.log)
        }
        #expect(failure.code == .ambiguousCommit)
        #expect(failure.fault == .code)
        for twin in twins { #expect(failure.message.contains(twin.prefix(12))) }
    }

    @Test("a root directory gives the tree of that directory")
    func rootDirectory() async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["services/api/main.py": "print()", "README": "x"])
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source(root: "services/api"), log: fixture.log)
        #expect(revision.tree.hex == (try await repository.git("rev-parse", "HEAD:services/api")))
        #expect(try await mirrors.entries(of: revision).map(\.displayPath) == ["main.py"])
        #expect(revision.rootDirectory == "services/api")
    }

    @Test("a revision carries the commit's message, author and time")
    func metadata() async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["a": "1"], message: "Grüße\n\nBody", time: 1_650_000_000)
        let revision = try await fixture.mirrors().fetch(source(), log: fixture.log)
        #expect(revision.commitMessage == "Grüße\n\nBody\n")
        #expect(revision.authorName == "Ada Example")
        #expect(revision.authorEmail == "ada@example.org")
        #expect(revision.committedAt == 1_650_000_000)
        #expect(revision.repositoryURL == server.url("app"))
    }
}
