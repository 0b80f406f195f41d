import BuildModel
import Platform
import TestSupport
import Testing

@testable import GitStore

/// What is read from text: URLs and `known_hosts`.
@Suite("Parsing")
struct ParsingTests {
    @Test(
        "a URL is shown and mirrored without its credentials",
        arguments: [
            ("https://u:p@Host.org/a/b.git", "https://host.org/a/b.git", "https://host.org:443/a/b"),
            ("HTTP://host:8080/a/", "http://host:8080/a/", "http://host:8080/a"),
            ("https://to%40ken@host/a", "https://host/a", "https://host:443/a"),
            ("git@host:team/app.git", "git@host:team/app.git", "ssh://git@host:22~team/app"),
            ("host:app", "git@host:app", "ssh://git@host:22~app"),
            ("ssh://host/a", "ssh://git@host/a", "ssh://git@host:22/a"),
            ("ssh://me:pw@host:2222/a", "ssh://me@host:2222/a", "ssh://me@host:2222/a"),
            ("git://[::1]:9999/a", "git://[::1]:9999/a", "git://::1:9999/a"),
            ("/srv/a", "file:///srv/a", "file://:0/srv/a"),
            ("file:///srv/a", "file:///srv/a", "file://:0/srv/a"),
        ]
    )
    func urls(text: String, display: String, key: String) throws {
        let url = try RepositoryURL(parsing: text)
        #expect(url.display == display)
        #expect(url.mirrorKey == key)
        #expect(try RepositoryURL(parsing: display).mirrorKey == key)
    }

    @Test(
        "a host that the library could read as another is refused",
        arguments: [
            "https://evil.example%00.corp.example.org/x", "https://evil.example?.corp.example.org/x",
            "https://evil.example#.corp.example.org/x", "https://evil.example\\.corp.example.org/x",
            "https://evil.example%2f.corp.example.org/x", "git@evil.example%00.corp.example.org:x",
            "https://h\u{f6}st/x",
            "https://[::1%25lo]/x", "https://[evil.example]/x", "https://[::1]x22/x",
            "https://[::1].corp.example.org/x",
            "https://host:+22/x", "https://host:2\u{662}/x",
        ]
    )
    func hosts(text: String) {
        let failure = #expect(throws: BuildFailure.self) { try RepositoryURL(parsing: text) }
        #expect(failure?.code == .invalidRequest)
    }

    @Test(
        "a credential is for the scheme and port that its host says",
        arguments: [
            ("git.example.org", "https://git.example.org/x", true),
            ("git.example.org", "http://git.example.org/x", false),
            ("git.example.org", "https://git.example.org:443/x", true),
            ("git.example.org", "https://git.example.org:8443/x", false),
            ("git.example.org:8443", "https://git.example.org:8443/x", true),
            ("git.example.org:443", "https://git.example.org/x", true),
            ("git.example.org:443", "http://git.example.org:443/x", false),
            ("http://git.example.org", "http://git.example.org/x", true),
            ("http://git.example.org", "https://git.example.org/x", false),
            ("http://*.example.org:81", "http://git.example.org:81/x", true),
            ("*.example.org", "https://example.org/x", false),
            ("git.example.org", "ssh://u@git.example.org/x", true),
            ("git.example.org:x", "https://git.example.org/x", false),
            ("[::1]:8443", "https://[::1]:8443/x", true), ("::1", "https://[::1]/x", true),
        ]
    )
    func places(host: String, url: String, admits: Bool) throws {
        #expect(try CredentialPlace(host).admits(RepositoryURL(parsing: url)) == admits)
    }

    private func operation(_ url: String) throws -> FetchOperation {
        FetchOperation(
            url: try RepositoryURL(parsing: url),
            settings: GitSettings(directory: "/nowhere"),
            deadline: Deadline(after: .seconds(1)),
            log: CollectedLog()
        )
    }

    @Test("connections go to the URL's host and port alone")
    func reach() throws {
        #expect(try operation("https://Git.example.org/x").mayReach(host: "git.example.org", port: "443"))
        #expect(try operation("ssh://[::1]:2222/x").mayReach(host: "[::1]", port: "2222"))
        #expect(try !operation("https://git.example.org/x").mayReach(host: "git.example.org", port: "8443"))
        #expect(try !operation("https://git.example.org/x").mayReach(host: "evil.example", port: "443"))
    }

    @Test(
        "the host of a proxy is found in its URL",
        arguments: ["http://user:p@proxy.example.org:3128/", "proxy.example.org:3128", "https://proxy.example.org"]
    )
    func proxies(text: String) {
        #expect(FetchOperation.host(ofProxy: text) == "proxy.example.org")
    }

    @Test("user and password are decoded")
    func credentials() throws {
        let url = try RepositoryURL(parsing: "https://us%40er:p%2Fw%25@host/a")
        #expect(url.username == "us@er")
        #expect(url.password?.exposed == "p/w%")
        #expect(!"\(url)".contains("p/w"))
    }

    @Test("mirrors of one name have directories of their own, with plain names")
    func mirrorNames() throws {
        let one = try RepositoryURL(parsing: "https://host/a/App Name".replacing(" ", with: "%20")).mirrorName
        let other = try RepositoryURL(parsing: "https://host/b/App%20Name").mirrorName
        #expect(one != other)
        #expect(one.hasSuffix("-App-20Name.git"))
    }

    private let key = Array("a key".utf8)

    @Test(
        "known_hosts is read as OpenSSH reads it",
        arguments: [
            ("host ssh-ed25519 YSBrZXk=", 22, KnownHosts.Verdict.known),
            ("HOST,other ssh-ed25519 YSBrZXk= comment", 22, .known),
            ("h*st ssh-ed25519 YSBrZXk=", 22, .known),
            ("*,!host ssh-ed25519 YSBrZXk=", 22, .unknown),
            ("h?s ssh-ed25519 YSBrZXk=", 22, .unknown),
            ("host ssh-ed25519 YSBrZXk=", 2222, .unknown),
            ("[host]:2222 ssh-ed25519 YSBrZXk=", 2222, .known),
            ("#host ssh-ed25519 YSBrZXk=", 22, .unknown),
            ("\n\nhost ssh-rsa b3RoZXI=\nhost ssh-ed25519 YSBrZXk=", 22, .known),
            ("host ssh-rsa b3RoZXI=", 22, .otherKeys(line: 1)),
            ("host ssh-ed25519 YSBrZXk=\n@revoked * ssh-ed25519 YSBrZXk=", 22, .revoked(line: 2)),
            ("@cert-authority host ssh-ed25519 YSBrZXk=", 22, .unknown),
            ("host ssh-ed25519", 22, .unknown), ("", 22, .unknown),
        ]
    )
    func knownHosts(text: String, port: Int, verdict: KnownHosts.Verdict) {
        #expect(KnownHosts(text: text).verdict(host: "host", port: port, key: key) == verdict)
    }

    @Test("a host whose key could not be had is not known, even by an empty key")
    func noKey() {
        #expect(KnownHosts(text: "host ssh-ed25519 =").verdict(host: "host", port: 22, key: []) == .otherKeys(line: 1))
    }
}
