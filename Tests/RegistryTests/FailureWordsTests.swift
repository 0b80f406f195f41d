import BuildModel
import HTTPTransport
import Platform
import Registry
import TestSupport
import Testing

@Suite("What a person reads when a registry fails")
struct FailureWordsTests {
    /// An answer to the requests of a method whose path has a part in it.
    struct Case: Sendable, CustomStringConvertible {
        var method: String
        var path: String
        var status: Int
        var headers: [String: String] = [:]
        var body = ""
        var isPull = false
        /// The registry's own words, and what to do.
        var words: String
        var advice: String

        var description: String { "\(method) \(path) \(status) \(words)" }

        static func error(_ code: String, _ message: String = "own words") -> String {
            #"{"errors":[{"code":"\#(code)","message":"\#(message)"}]}"#
        }
    }

    private static let zeros = "sha256:" + String(repeating: "0", count: 64)

    private static let cases: [Case] = [
        Case(
            method: "POST",
            path: "uploads/",
            status: 401,
            body: Case.error("UNAUTHORIZED"),
            words: "own words",
            advice: "Configure a user name and password"
        ),
        Case(
            method: "POST",
            path: "uploads/",
            status: 403,
            body: Case.error("DENIED"),
            words: "DENIED: own words",
            advice: "who may push to this repository"
        ),
        Case(
            method: "POST",
            path: "uploads/",
            status: 404,
            body: Case.error("NAME_UNKNOWN"),
            words: "NAME_UNKNOWN: own words",
            advice: "create it, or allow the registry to create it on push"
        ),
        Case(
            method: "POST",
            path: "uploads/",
            status: 404,
            body: "<html>",
            words: "404",
            advice: "Else check that"
        ),
        Case(
            method: "PUT",
            path: "/upload/",
            status: 404,
            body: Case.error("BLOB_UPLOAD_UNKNOWN"),
            words: "own words",
            advice: "look whether its replicas share their storage"
        ),
        Case(
            method: "PUT",
            path: "/upload/",
            status: 404,
            body: Case.error("NAME_UNKNOWN"),
            words: "own words",
            advice: "create it, or allow the registry to create it on push"
        ),
        Case(
            method: "PUT",
            path: "/manifests/",
            status: 404,
            body: Case.error("MANIFEST_UNKNOWN"),
            words: "own words",
            advice: "does not have what this refers to"
        ),
        Case(
            method: "PUT",
            path: "/manifests/",
            status: 404,
            body: "<html>",
            words: "404",
            advice: "is a registry's host"
        ),
        Case(
            method: "PUT",
            path: "/upload/",
            status: 413,
            body: Case.error("SIZE_INVALID"),
            words: "own words",
            advice: "registries.chunkBytes"
        ),
        Case(
            method: "PUT",
            path: "/upload/",
            status: 400,
            body: Case.error("SIZE_INVALID", "more than 4200 parts"),
            words: "more than 4200 parts",
            advice: "let registries.chunkBytes be larger"
        ),
        Case(
            method: "PUT",
            path: "/manifests/",
            status: 400,
            body: Case.error("MANIFEST_INVALID"),
            words: "own words",
            advice: "does not take this kind of manifest"
        ),
        Case(
            method: "PUT",
            path: "/manifests/v1",
            status: 400,
            body: Case.error("MANIFEST_INVALID", "repository app has enabled tag immutability"),
            words: "has enabled tag immutability",
            advice: "use a new tag"
        ),
        Case(
            method: "PUT",
            path: "/manifests/",
            status: 429,
            body: Case.error("TOOMANYREQUESTS"),
            words: "own words",
            advice: "try again later"
        ),
        Case(
            method: "PUT",
            path: "/manifests/",
            status: 500,
            body: Case.error("UNKNOWN"),
            words: "own words",
            advice: "look at the registry's log"
        ),
        Case(
            method: "POST",
            path: "uploads/",
            status: 202,
            words: "sent no Location",
            advice: "Look at how the registry"
        ),
        Case(
            method: "POST",
            path: "uploads/",
            status: 307,
            headers: ["Location": "http://169.254.169.254/x"],
            words: "internal address",
            advice: "Look at how the registry"
        ),
        Case(
            method: "POST",
            path: "uploads/",
            status: 307,
            headers: ["Location": "/v2/team/app/blobs/uploads/"],
            words: "redirect number",
            advice: "Look where the registry"
        ),
        Case(
            method: "PUT",
            path: "/upload/",
            status: 201,
            headers: ["Docker-Content-Digest": zeros],
            words: zeros,
            advice: "Look at the registry's storage"
        ),
        Case(
            method: "PUT",
            path: "/manifests/",
            status: 201,
            headers: ["Docker-Content-Digest": zeros],
            words: zeros,
            advice: "Look at the registry's storage"
        ),
        Case(
            method: "GET",
            path: "/manifests/",
            status: 404,
            body: Case.error("MANIFEST_UNKNOWN"),
            isPull: true,
            words: "MANIFEST_UNKNOWN: own words",
            advice: "has no such tag or digest: check the name"
        ),
        Case(
            method: "GET",
            path: "/manifests/",
            status: 404,
            body: Case.error("NAME_UNKNOWN"),
            isPull: true,
            words: "NAME_UNKNOWN: own words",
            advice: "does not exist, or is hidden from the configured user"
        ),
        Case(
            method: "GET",
            path: "/manifests/",
            status: 403,
            body: Case.error("DENIED"),
            isPull: true,
            words: "own words",
            advice: "who may pull from this repository"
        ),
        Case(
            method: "GET",
            path: "/manifests/",
            status: 200,
            body: "<html>",
            isPull: true,
            words: "not JSON",
            advice: "Check that the host is a registry's"
        ),
        Case(
            method: "GET",
            path: "/manifests/",
            status: 200,
            headers: ["Docker-Content-Digest": zeros],
            body: "{}",
            isPull: true,
            words: zeros,
            advice: "Look at the registry's storage"
        ),
    ]

    @Test("method, host, repository, status, the registry's own words and what to do", arguments: cases)
    func words(_ test: Case) async throws {
        let registry = try FakeRegistry { request, _ in
            guard request.method == test.method, request.target.contains(test.path) else { return false }
            request.respond(test.status, test.headers, body: test.body)
            return true
        }
        let failure = try await failure(from: registry.host, isPull: test.isPull)
        let host = registry.host
        for part in ["\(test.method) http://\(host)/", "\(host)/team/app", "\(test.status)", test.words, test.advice] {
            #expect(failure.message.contains(part), "\(part) in \(failure)")
        }
    }

    @Test(
        "a right that a token leaves out is not taken for a wrong password",
        arguments: [#",error="insufficient_scope""#, ""],
        [false, true]
    )
    func missingRight(reason: String, isPull: Bool) async throws {
        let tokens = try SocketServer { $0.respond(200, body: #"{"token":"t0ken"}"#) }
        let realm = tokens.url("/token")
        let registry = try FakeRegistry { request, _ in
            if request.method == "HEAD", request.headers["authorization"] != nil { return false }
            let challenge = #"Bearer realm="\#(realm)",service="s"\#(reason)"#
            request.respond(401, ["WWW-Authenticate": challenge], body: Case.error("UNAUTHORIZED"))
            return true
        }
        var settings = StrictFixture.settings()
        settings.credentials[registry.host] = .init(username: "user", password: Redacted("pass"))
        let failure = try await failure(from: registry.host, isPull: isPull, settings)
        #expect(failure.code.rawValue == (isPull ? "unauthorized" : "registry_denied"))
        let advice = "Let the configured user \(isPull ? "pull from" : "push to") this repository, or"
        #expect(failure.message.contains(advice) && !failure.message.contains("password"), "\(failure)")
    }

    @Test("who is known and may not is told apart from who is not known", arguments: [true, false])
    func forbidden(isKnown: Bool) async throws {
        let registry = try FakeRegistry { request, _ in
            request.respond(403, body: Case.error("DENIED"))
            return true
        }
        var settings = StrictFixture.settings()
        if isKnown { settings.credentials[registry.host] = .init(username: "user", password: Redacted("pass")) }
        let failure = try await failure(from: registry.host, isPull: true, settings)
        #expect(failure.message.contains("Let the configured user pull from") == isKnown, "\(failure)")
        #expect(failure.message.contains("Configure a user for \(registry.host)") == !isKnown, "\(failure)")
        #expect(failure.message.contains("some registries say the same of what is not there"), "\(failure)")
    }

    @Test("a registry that says DENIED does not mean the password")
    func deniedWithoutToken() async throws {
        let registry = try FakeRegistry { request, _ in
            request.respond(401, ["WWW-Authenticate": "Basic realm=x"], body: Case.error("DENIED"))
            return true
        }
        var settings = StrictFixture.settings()
        settings.credentials[registry.host] = .init(username: "user", password: Redacted("pass"))
        let failure = try await failure(from: registry.host, isPull: true, settings)
        #expect(failure.message.contains("Let the configured user pull from this repository"), "\(failure)")
    }

    @Test(
        "a blob with other bytes says where it came from",
        arguments: ["other bytes!", "short", "far too much of it"]
    )
    func blob(body: String) async throws {
        let registry = try FakeRegistry { request, _ in
            request.respond(200, body: body)
            return true
        }
        let descriptor = TestImage.descriptor(Array("right bytes!".utf8), MediaType.ociLayerGzip)
        let source = ImageReference(registry: registry.host, repository: "team/app")
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.fetchBlob(
                ImageBlob(descriptor: descriptor, source: .registry(source)),
                spoolDirectory: "/tmp"
            )
        }
        for part in [
            "GET http://\(registry.host)/", "\(registry.host)/team/app", "200", "Look at the registry's storage",
        ] {
            #expect(failure.message.contains(part), "\(part) in \(failure)")
        }
    }

    @Test("a connection that breaks says what it was for, and to whom")
    func broken() async throws {
        let registry = try FakeRegistry { request, _ in
            guard request.method == "POST" else { return false }
            request.reset()
            return true
        }
        let failure = try await failure(from: registry.host, isPull: false)
        for part in ["POST http://\(registry.host)/", "\(registry.host)/team/app", "the connection broke", "Look at"] {
            #expect(failure.message.contains(part), "\(part) in \(failure)")
        }
        let nobody = try await self.failure(from: "127.0.0.1:\(Port.free())", isPull: true)
        for part in ["GET http://127.0.0.1:", "/team/app", "annot connect", "check that the server runs"] {
            #expect(nobody.message.contains(part), "\(part) in \(nobody)")
        }
    }

    @Test("copying what is not there says what the registry says, and ends with the status for it")
    func copy() async throws {
        let registry = try await RegistryServer()
        let scratch = try Scratch()
        let words = ["copy", "docker://\(registry.host)/team/app:gone", "oci:\(scratch("layout")):t"]
        let result = try await SlipwayProgram.result(words + ["--cache-directory", scratch("cache")])
        #expect(result.status == 66)
        let url = "GET http://\(registry.host)/v2/team/app/manifests/gone"
        for part in [url, "in \(registry.host)/team/app", "404 MANIFEST_UNKNOWN", "check the name"] {
            #expect(result.errorText.contains(part), "\(part) in \(result.errorText)")
        }
        let layout = try await SlipwayProgram.result([
            "copy", "oci:\(scratch("nothing")):t", "docker://\(registry.host)/team/app:t", "--cache-directory",
            scratch("cache"),
        ])
        #expect(layout.status == 66 && layout.errorText.contains(scratch("nothing")), "\(layout.errorText)")
    }

    private var client: RegistryClient {
        RegistryClient(settings: StrictFixture.settings(), http: StrictFixture().http)
    }

    private func failure(
        from host: String,
        isPull: Bool,
        _ settings: RegistrySettings = StrictFixture.settings()
    ) async throws -> BuildFailure {
        let client = RegistryClient(settings: settings, http: StrictFixture().http)
        let reference = ImageReference(registry: host, repository: "team/app", tag: "v1")
        return try await #require(throws: BuildFailure.self) {
            if isPull {
                let contents = try client.contents(of: reference)
                _ = try await ImageCopy(from: contents, to: contents, log: CollectedLog()).copy("v1", as: "v2")
            } else {
                let image = StrictFixture.image([StrictFixture.blob(1000)])
                _ = try await client.push(image, to: reference, confirm: {}, log: CollectedLog())
            }
        }
    }
}
