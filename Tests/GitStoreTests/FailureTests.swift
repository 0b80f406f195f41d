import BuildModel
import GitStore
import Platform
import TestSupport
import Testing

/// Every way that a fetch fails has a code of its own, and words that say what to do.
@Suite("Failures")
struct FailureTests {
    let fixture: GitFixture
    let server: GitHTTPServer

    init() async throws {
        fixture = try GitFixture()
        server = try await GitHTTPServer(root: fixture.root, scratch: fixture.scratch)
    }

    private func failing(_ source: GitSource, _ change: (inout GitSettings) -> Void = { _ in }) async throws
        -> BuildFailure
    {
        try await failure { try await fixture.mirrors(change).fetch(source, log: fixture.log) }
    }

    private var source: GitSource { GitSource(url: server.url("app")) }

    @Test("a missing branch is named in the error, with the branches that exist")
    func missingBranch() async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["a": "1"])
        for number in 1...12 { try await repository.git("branch", "topic-\(number)") }
        let failure = try await failing(GitSource(url: source.url, branch: "mian"))
        #expect(failure.code == .branchNotFound)
        #expect(failure.message.contains("no branch or tag 'mian'"))
        #expect(failure.message.contains("main, topic-1"))
        #expect(failure.message.contains("and 3 more"))
        #expect(failure.fault == .code && !failure.isRetryable)
    }

    @Test("a default branch that does not exist asks for a branch")
    func unbornDefault() async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["a": "1"])
        try await repository.git("symbolic-ref", "HEAD", "refs/heads/gone")
        let failure = try await failing(source)
        #expect(failure.code == .branchNotFound)
        #expect(failure.message.contains("name a branch"))
    }

    @Test(
        "a commit that is nowhere is told by its id",
        arguments: ["0123456789012345678901234567890123456789", "0123456"]
    )
    func missingCommit(id: String) async throws {
        try await fixture.repository().commit(["a": "1"])
        let failure = try await failing(GitSource(url: source.url, commit: id))
        #expect(failure.code == .commitNotFound)
        #expect(failure.message.contains(id))
        #expect(failure.fault == .code && !failure.isRetryable)
    }

    @Test(
        "what cannot be a commit id is refused",
        arguments: ["abc", "main", "", "012345678901234567890123456789012345678x"]
    )
    func noCommitID(text: String) async throws {
        try await fixture.repository().commit(["a": "1"])
        let failure = try await failing(GitSource(url: source.url, commit: text))
        #expect(failure.code == .invalidRequest)
        #expect(failure.message.contains("4 to 40 hexadecimal digits"))
    }

    @Test("a repository that is not there is told by its URL")
    func missingRepository() async throws {
        let failure = try await failing(GitSource(url: server.url("nothing")))
        #expect(failure.code == .repositoryNotFound)
        #expect(failure.message.contains(server.url("nothing")))
        #expect(failure.fault == .code && !failure.isRetryable)
    }

    @Test("git daemon's and a file URL's missing repositories are told alike")
    func missingElsewhere() async throws {
        let daemon = try await GitDaemon(root: fixture.root, scratch: fixture.scratch)
        #expect(try await failing(GitSource(url: daemon.url("nothing"))).code == .repositoryNotFound)
        let failure = try await failing(GitSource(url: "file://\(fixture.root)/nothing")) {
            $0.allowedSchemes.insert("file")
        }
        #expect(failure.code == .repositoryNotFound)
    }

    @Test("an empty repository asks for a commit")
    func empty() async throws {
        _ = try await fixture.repository()
        let failure = try await failing(source)
        #expect(failure.code == .emptyRepository)
        #expect(failure.message.contains("no commits yet"))
        #expect(failure.fault == .code && !failure.isRetryable)
    }

    @Test("a port that nobody listens on is unreachable, and may be tried again")
    func refused() async throws {
        let port = Port.free()
        let failure = try await failing(GitSource(url: "http://127.0.0.1:\(port)/app"))
        #expect(failure.code == .unreachable)
        #expect(failure.message.contains("127.0.0.1:\(port)"))
        #expect(failure.cause == "Connection refused")
        #expect(failure.fault == .platform && failure.isRetryable)
    }

    @Test("a host that does not exist is unreachable")
    func unknownHost() async throws {
        // Longer than DNS allows, so that the resolver knows without asking anybody.
        let host = String(repeating: "x", count: 70) + ".invalid"
        let failure = try await failing(GitSource(url: "https://\(host)/app"))
        #expect(failure.code == .unreachable)
        #expect(failure.message.contains(host))
    }

    @Test(
        "a directory that is not in the revision is told with the nearest that is",
        arguments: [
            ("services/web", "'services'", "api"), ("nowhere", "the repository", "services"),
            ("README", "the repository", "services"),
        ]
    )
    func missingRoot(root: String, nearest: String, listed: String) async throws {
        try await fixture.repository().commit(["services/api/main.py": "", "README": "x"])
        let failure = try await failing(GitSource(url: source.url, rootDirectory: root))
        #expect(failure.code == .rootDirectoryNotFound)
        #expect(failure.message.contains("'\(root)'"))
        #expect(failure.message.contains(nearest))
        #expect(failure.message.contains("has: \(listed)"))
    }

    @Test("a scheme that is not allowed is refused with those that are")
    func scheme() async throws {
        try await fixture.repository().commit(["a": "1"])
        let failure = try await failing(GitSource(url: "file://\(fixture.root)/app"))
        #expect(failure.code == .schemeNotAllowed)
        #expect(failure.message.contains("git, http, https, ssh"))
    }

    @Test(
        "hosts outside the allowed patterns are refused",
        arguments: [
            ("https://git.example.org/a", true), ("https://example.org/a", false),
            ("https://example.org.evil.net/a", false),
            ("git@GIT.example.org:a/b", true), ("https://other.net/a", false),
        ]
    )
    func hosts(url: String, isAllowed: Bool) async throws {
        // Allowed hosts get as far as the next check, which is the scheme's.
        let failure = try await failing(GitSource(url: url)) {
            $0.allowedHosts = ["*.example.org"]
            $0.allowedSchemes = []
        }
        #expect(failure.code == (isAllowed ? .schemeNotAllowed : .hostNotAllowed))
    }

    @Test(
        "a URL that is none is refused without repeating a password",
        arguments: [
            "app", "https://", "https:///app", "https://host:99999/app", "https://user:s3cret@host/a b",
            "user:s3cret@host:app",
            "https://user:s3cret@/app", "ssh://-oProxyCommand=x/app", "https://user:s3cret@host/app?token=s3cret",
        ]
    )
    func malformed(url: String) async throws {
        let failure = try await failing(GitSource(url: url))
        #expect(failure.code == .invalidRequest)
        #expect(!failure.description.contains("s3cret"))
    }

    @Test("too many objects or bytes end the fetch", arguments: [true, false])
    func limits(byObjects: Bool) async throws {
        let repository = try await fixture.repository()
        var generator = SystemRandomNumberGenerator()
        let noise = (0..<400_000).map { _ in String(generator.next() as UInt8, radix: 16) }.joined()
        try await repository.commit(["noise": noise, "a": "1", "b": "2"])
        let failure = try await failing(source) {
            if byObjects { $0.maximumObjects = 3 } else { $0.maximumBytes = 100_000 }
        }
        #expect(failure.code == .limitExceeded)
        #expect(failure.message.contains(byObjects ? "at most 3" : "97 KiB"))
        #expect(failure.fault == .code && !failure.isRetryable)
    }

    @Test("a redirect to another host is not followed")
    func redirect() async throws {
        let other = try await GitHTTPServer(
            root: fixture.root,
            scratch: fixture.scratch,
            redirects: "http://localhost:\(server.port)"
        )
        try await fixture.repository().commit(["a": "1"])
        let failure = try await failing(GitSource(url: other.url("app")))
        #expect(failure.code == .redirected)
        #expect(failure.message.contains("use the new URL"))
    }

    @Test("a server that is no git server is told as such")
    func notGit() async throws {
        let port = Port.free()
        let page = try fixture.scratch.write("<p>Hello</p>", to: "web/app/info/refs")
        let web = try await ServerProcess(
            ["/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "-d", fixture.scratch("web"), "\(port)"],
            log: "\(page).log"
        )
        try await eventually("the web server listens") { Port.accepts(port) }
        let failure = try await failing(GitSource(url: "http://127.0.0.1:\(port)/app"))
        #expect(failure.code == .repositoryNotFound)
        web.stop()
    }
}
