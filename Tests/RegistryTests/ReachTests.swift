import BuildModel
import HTTPTransport
import Platform
import TestSupport
import Testing

@testable import Registry

@Suite("What strangers name leads to the internet, or nowhere")
struct ReachTests {
    private func settings(_ hosts: [String]) -> RegistrySettings {
        var settings = RegistrySettings()
        settings.plainHTTP = Set(hosts)
        settings.firstDelay = .milliseconds(1)
        return settings
    }

    private func failure(_ client: RegistryClient, _ name: String) async throws -> BuildFailure {
        let name = try ImageReference(parsing: name)
        return try await #require(throws: BuildFailure.self) {
            _ = try await client.baseImage(name, platform: .current)
        }
    }

    @Test("a registry on this node is not asked, whatever it is called")
    func own() async throws {
        let server = try SocketServer { $0.respond(404) }
        let hosts = ["localhost:\(server.port)", "127.0.0.1:\(server.port)"]
        let http = HTTPClient(label: "reach.test")
        let client = RegistryClient(settings: settings(hosts).anonymous, http: http)
        for host in hosts {
            let failure = try await failure(client, "\(host)/team/base:1")
            #expect(failure.code == .addressNotAllowed && failure.fault == .code && !failure.isRetryable, "\(failure)")
            #expect(failure.message.contains("which is not one of the internet"), "\(failure)")
        }
        #expect(server.requests == [])
        await http.shutdown()
    }

    @Test("neither is it over a connection that somebody else was allowed to make")
    func kept() async throws {
        let server = try SocketServer { $0.respond(404) }
        let host = "127.0.0.1:\(server.port)"
        let http = HTTPClient(label: "reach.test")
        let farm = RegistryClient(settings: settings([host]), http: http)
        #expect(try await failure(farm, "\(host)/team/base:1").code == .notFound)
        let asked = server.requests
        #expect(!asked.isEmpty)
        let stranger = RegistryClient(settings: settings([host]).anonymous, http: http)
        #expect(try await failure(stranger, "\(host)/team/base:1").code == .addressNotAllowed)
        #expect(server.requests == asked)
        await http.shutdown()
    }

    @Test("a mirror may be anywhere, since the operator names it; for the registry itself that says nothing")
    func mirror() async throws {
        let server = try SocketServer { $0.respond(404) }
        let mirror = "127.0.0.1:\(server.port)/hub"
        var settings = settings(["localhost:\(server.port)"])
        settings.mirrors = ["localhost:\(server.port)": [mirror]]
        let http = HTTPClient(label: "reach.test")
        let client = RegistryClient(settings: settings.anonymous, http: http)
        let failure = try await failure(client, "localhost:\(server.port)/team/base:1")
        #expect(failure.message.contains("not one of the internet"), "\(failure)")
        #expect(!server.requests.isEmpty)
        #expect(server.requests.allSatisfy { $0.contains("/v2/hub/team/base/") }, "\(server.requests)")
        await http.shutdown()
    }

    @Test("the layers of an image that was found so are fetched no further away, by whoever fetches them")
    func layers() async throws {
        let hosts = SharedHosts()
        let http = HTTPClient(label: "reach.test")
        var bounded = settings([]).anonymous
        bounded.mirrors = ["registry.example": ["mirror.example/hub"]]
        var plain = settings([])
        plain.mirrors = bounded.mirrors
        let stranger = RegistryClient(settings: bounded, http: http, hosts: hosts).session
        let farm = RegistryClient(settings: plain, http: http, hosts: hosts).serving("tenant").session
        func repository(_ name: String) throws -> Repository {
            try plain.repository(of: try ImageReference(parsing: name))
        }
        let named = try repository("registry.example/team/base")
        #expect(farm.reach(of: named) == .anywhere)
        stranger.boundReach(of: named)
        #expect(farm.reach(of: named) == .internet(orPrivate: false))
        #expect(farm.reach(of: try repository("registry.example/team/other")) == .anywhere)
        let mirrored = try repository("mirror.example/hub/team/base")
        stranger.boundReach(of: mirrored)
        #expect(farm.reach(of: mirrored) == .anywhere)
        await http.shutdown()
    }

    @Test(
        "addresses are told apart",
        arguments: [
            ("8.8.8.8", true, true), ("2606:4700::1", true, true), ("10.1.2.3", false, true), ("fd12::1", false, true),
            ("127.0.0.1", false, false), ("::1", false, false), ("169.254.169.254", false, false),
            ("::ffff:169.254.169.254", false, false),
        ]
    )
    func addresses(_ text: String, _ isPublic: Bool, _ isOpen: Bool) throws {
        let address = try #require(NetworkAddress(parsing: text))
        #expect(address.text == text)
        #expect(HTTPReach.internet(orPrivate: false).allows(address) == isPublic)
        #expect(HTTPReach.internet(orPrivate: true).allows(address) == isOpen)
        #expect(HTTPReach.anywhere.allows(address))
    }
}
