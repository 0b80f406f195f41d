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
