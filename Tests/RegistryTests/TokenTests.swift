import BuildModel
import HTTPTransport
import Platform
import Registry
import Synchronization
import TestSupport
import Testing

@Suite("Bearer tokens and redirects")
struct TokenTests {
    let http = HTTPClient(label: "http.test")

    @Test("a token is asked for with the scope that the request needs, and used for those that follow")
    func token() async throws {
        let tokenServer = try SocketServer { $0.respond(200, body: #"{"token":"t0ken","expires_in":300}"#) }
        let realm = tokenServer.url("/token?keep=1")
        let registry = try FakeRegistry { request, _ in
            if request.headers["authorization"] == "Bearer t0ken" { return false }
            request.respond(401, ["WWW-Authenticate": #"Bearer realm="\#(realm)",service="the registry""#])
            return true
        }
        try await push(to: registry, RegistrySettings())
        #expect(
            tokenServer.requests
                == ["GET /token?keep=1&service=the%20registry&scope=repository%3Aapp%3Apull%2Cpush"]
        )
    }

    @Test("the token server is shown the credentials, the registry only the token")
    func credentials() async throws {
        let shown = Mutex<[String]>([])
        let tokenServer = try SocketServer { request in
            shown.withLock { $0.append(request.headers["authorization"] ?? "nothing") }
            request.respond(200, body: #"{"access_token":"t0ken"}"#)
        }
        let realm = tokenServer.url("/token")
        let registry = try FakeRegistry { request, _ in
            if request.headers["authorization"] == "Bearer t0ken" { return false }
            let isClean = request.headers["authorization"] == nil
            request.respond(isClean ? 401 : 400, ["WWW-Authenticate": #"Bearer realm="\#(realm)""#])
            return true
        }
        var settings = RegistrySettings()
        settings.credentials[registry.host] = .init(username: "user", password: Redacted("pass"))
        try await push(to: registry, settings)
        #expect(shown.withLock { $0 } == ["Basic dXNlcjpwYXNz"])
    }

    @Test(
        "an identity token is shown in the older way where a server does not know the newer",
        arguments: [400, 401, 404, 405]
    )
    func identityToken(status: Int) async throws {
        let tokenServer = try SocketServer { request in
            guard request.method == "GET" else { return request.respond(status, body: #"{"errors":[]}"#) }
            request.respond(200, body: #"{"access_token":"t0ken"}"#)
        }
        let realm = tokenServer.url("/token")
        let registry = try FakeRegistry { request, _ in
            if request.headers["authorization"] == "Bearer t0ken" { return false }
            request.respond(401, ["WWW-Authenticate": #"Bearer realm="\#(realm)",service="s""#])
            return true
        }
        let scratch = try Scratch()
        let text = #"{"auths":{"\#(registry.host)":{"identitytoken":"refresh"}}}"#
        var settings = RegistrySettings()
        settings.credentialFiles = [try scratch.write(text, to: "config.json")]
        try await push(to: registry, settings)
        let scope = "scope=repository%3Aapp%3Apull%2Cpush"
        #expect(tokenServer.requests == ["POST /token", "GET /token?service=s&\(scope)"])
    }

    @Test("a token that expired is renewed in the middle of a push")
    func renewal() async throws {
        let issued = Mutex(0)
        let tokenServer = try SocketServer { request in
            let number = issued.withLock { issued in
                issued += 1
                return issued
            }
            request.respond(200, body: #"{"token":"token\#(number)"}"#)
        }
        let realm = tokenServer.url("/token")
        let registry = try FakeRegistry { request, _ in
            // The first token dies when the upload begins.
            let token = request.headers["authorization"]
            let isAlive = token != "Bearer token1" || (request.method == "HEAD" && issued.withLock { $0 } < 2)
            if token != nil && isAlive { return false }
            request.respond(401, ["WWW-Authenticate": #"Bearer realm="\#(realm)""#])
            return true
        }
        try await push(to: registry, RegistrySettings())
        #expect(issued.withLock { $0 } >= 2)
    }

    @Test(
        "a token server that gives none ends in words",
        arguments: [
            (401, #"{"details":"incorrect"}"#, "unauthorized"), (200, "{}", "protocol_violation"),
            (200, "<html>", "protocol_violation"), (403, "words of a service inside", "unauthorized"),
            (200, "words of a service inside", "protocol_violation"),
        ]
    )
    func noToken(status: Int, body: String, code: String) async throws {
        let tokenServer = try SocketServer { $0.respond(status, body: body) }
        let realm = tokenServer.url("/token")
        let registry = try FakeRegistry { request, _ in
            request.respond(401, ["WWW-Authenticate": #"Bearer realm="\#(realm)""#])
            return true
        }
        let failure = try await #require(throws: BuildFailure.self) { try await push(to: registry, RegistrySettings()) }
        #expect(failure.code.rawValue == code)
        #expect(failure.message.contains("http://127.0.0.1:\(tokenServer.port)/token"))
        #expect(!"\(failure)".contains("service inside"), "a repository can name any registry, and that any realm")
    }

    @Test("a redirect to another host is followed without the credentials")
    func redirect() async throws {
        let bytes = "the blob"
        let shown = Mutex<[String?]>([])
        let storage = try SocketServer { request in
            shown.withLock { $0.append(request.headers["authorization"]) }
            request.respond(200, body: bytes)
        }
        let location = storage.url("/data?signature=a%2Fb")
        let registry = try FakeRegistry { request, _ in
            if request.headers["authorization"] == nil {
                request.respond(401, ["WWW-Authenticate": "Basic realm=x"])
            } else {
                request.respond(307, ["Location": location])
            }
            return true
        }
        var settings = RegistrySettings()
        settings.credentials[registry.host] = .init(username: "user", password: Redacted("pass"))
        let client = RegistryClient(settings: settings, http: http)
        let blob = ImageBlob(
            descriptor: TestImage.descriptor(Array(bytes.utf8), MediaType.ociLayerGzip),
            source: .registry(ImageReference(registry: registry.host, repository: "app"))
        )
        let content = try await client.fetchBlob(blob, spoolDirectory: "/tmp")
        #expect(try Files.bytes(of: content) == Array(bytes.utf8))
        #expect(shown.withLock { $0 } == [nil])
        #expect(storage.requests == ["GET /data?signature=a%2Fb"])
    }

    @Test("redirects in a circle end")
    func circle() async throws {
        let registry = try FakeRegistry { request, _ in
            request.respond(307, ["Location": request.target])
            return true
        }
        let failure = try await #require(throws: BuildFailure.self) { try await push(to: registry, RegistrySettings()) }
        #expect(failure.code == .protocolViolation)
        #expect(failure.message.contains("redirects"))
    }

    private func push(to registry: FakeRegistry, _ settings: RegistrySettings) async throws {
        let client = RegistryClient(settings: settings, http: http)
        let image = TestImage.image([try await TestImage.layer()])
        let target = ImageReference(registry: registry.host, repository: "app", tag: "v1")
        _ = try await client.push(image, to: target, confirm: {}, log: CollectedLog())
    }
}
