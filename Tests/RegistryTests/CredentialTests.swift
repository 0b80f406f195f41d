import BuildModel
import Glibc
import HTTPTransport
import Platform
import Registry
import StrictRegistry
import Synchronization
import TestSupport
import Testing

@Suite("Who we are at a registry")
struct CredentialTests {
    let fixture = StrictFixture()
    let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        // As the program does: a helper may end before it has read what it is asked.
        SystemInformation.prepareProcess()
    }

    @Test(
        "credentials are found in every form of docker's and podman's files",
        arguments: [
            #"{"auths":{"HOST":{"auth":"dXNlcjpwYTpzcw=="}}}"#,
            #"{"auths":{"https://HOST/v1/":{"username":"user","password":"pa:ss"}}}"#,
            #"{"auths":{"HOST":{"auth":"bm9ib2R5Om5vbmU="},"HOST/team":{"auth":"dXNlcjpwYTpzcw=="}}}"#,
            #"{"auths":{"HOST/team/other":{"auth":"bm9ib2R5Om5vbmU="},"HOST":{"auth":"dXNlcjpwYTpzcwAAAA=="}}}"#,
        ]
    )
    func files(text: String) async throws {
        let registry = try StrictRegistry(access: .basic(user: "user", password: "pa:ss"))
        try await push(to: registry, credentialFile: text)
    }

    @Test(
        "each cloud's form of a user is shown as it is",
        arguments: [
            ("ECR", "AWS", "twelve hours' password=="), ("Artifact Registry", "oauth2accesstoken", "ya29.a0-b_c"),
            ("Artifact Registry's keys", "_json_key", #"{"type":"service_account","private_key":"a\nb:c"}"#),
            ("ACR", "00000000-0000-0000-0000-000000000000", "eyJh.bGci.OiJS"), ("GHCR", "octocat", "ghp_abc"),
            ("Quay", "team+robot", "ABC123"), ("Harbor", "robot$project+name", "secret:with:colons"),
        ],
        [false, true]
    )
    func clouds(form: (registry: String, user: String, secret: String), usesTokens: Bool) async throws {
        let (_, user, secret) = form
        let access: StrictRegistry.Access =
            usesTokens
            ? .bearer(user: user, password: secret, lifetime: 60) : .basic(user: user, password: secret)
        let registry = try StrictRegistry(access: access)
        let auth = Base64.encode(Array("\(user):\(secret)".utf8))
        try await push(to: registry, credentialFile: #"{"auths":{"HOST":{"auth":"\#(auth)"}}}"#)
    }

    @Test("a password that a helper has replaced is asked for again", arguments: [false, true])
    func rotation(usesTokens: Bool) async throws {
        let access: StrictRegistry.Access =
            usesTokens
            ? .bearer(user: "user", password: "first", lifetime: 60) : .basic(user: "user", password: "first")
        let registry = try StrictRegistry(access: access)
        try scratch.write("first", to: "secret")
        let secret = scratch("secret")
        try helper("turning", #"echo '{"Username":"user","Secret":"'$(cat \#(secret))'"}'"#)
        var settings = StrictFixture.settings()
        settings.helperPath = "\(scratch.path):/usr/bin:/bin"
        settings.credentialFiles = [try scratch.write(#"{"credsStore":"turning"}"#, to: "config.json")]
        let client = RegistryClient(settings: settings, http: fixture.http)
        for password in ["first", "second"] {
            registry.setPassword(password)
            try scratch.write(password, to: "secret")
            let target = ImageReference(registry: registry.host, repository: "team/app", tag: password)
            let image = StrictFixture.image([StrictFixture.blob(10)])
            _ = try await client.push(image, to: target, confirm: {}, log: CollectedLog())
        }
        #expect(registry.digest(ofTag: "second", in: "team/app") != nil)
    }

    @Test("a bearer token of a credential file that was replaced is read again")
    func replacedRegistryToken() async throws {
        let wanted = Mutex("first")
        let registry = try FakeRegistry { request, _ in
            if request.headers["authorization"] == "Bearer \(wanted.withLock { $0 })" { return false }
            request.respond(401, ["WWW-Authenticate": #"Bearer realm="https://other.example/token""#])
            return true
        }
        var settings = StrictFixture.settings()
        settings.credentialFiles = [scratch("config.json")]
        let client = RegistryClient(settings: settings, http: fixture.http)
        for token in ["first", "second"] {
            wanted.withLock { $0 = token }
            try scratch.write(#"{"auths":{"\#(registry.host)":{"registrytoken":"\#(token)"}}}"#, to: "config.json")
            let reference = ImageReference(registry: registry.host, repository: "app")
            _ = try await client.holdsBlob(TestImage.descriptor([1], MediaType.ociLayerGzip), in: reference)
        }
        #expect(registry.requests.count == 4)
    }

    @Test("a helper ends with the build that waits for it", arguments: ["exec sleep 300", "sleep 300; exit 1"])
    func cancelledHelper(script: String) async throws {
        let registry = try StrictRegistry(access: .basic(user: "user", password: "pass"))
        try helper("slow", "echo $$ > \(scratch("pid.new")); mv \(scratch("pid.new")) \(scratch("pid")); \(script)")
        let task = Task { try await push(to: registry, credentialFile: #"{"credsStore":"slow"}"#) }
        let pid = try await eventually("the helper runs") {
            (try? Files.read(scratch("pid"))).flatMap { Int32(String(decoding: $0.dropLast(), as: UTF8.self)) }
        }
        task.cancel()
        let start = ContinuousClock.now
        let failure = try await #require(throws: BuildFailure.self) { try await task.value }
        #expect(failure.fault == .cancelled)
        try await eventually("the helper is gone") { kill(pid, 0) != 0 }
        // Left alone it would be ended after thirty.
        #expect(start.duration(to: .now) < .seconds(28))
    }

    @Test("the registry's own helper is asked before the store, and the store before the file")
    func helpers() async throws {
        let registry = try StrictRegistry(access: .bearer(user: "user", password: "pass", lifetime: 60))
        try helper("own", "echo 'credentials not found in native keychain'; exit 1")
        try helper("store", #"read host; echo '{"ServerURL":"'$host'","Username":"user","Secret":"pass"}'"#)
        let text = #"{"credHelpers":{"HOST":"own"},"credsStore":"store","auths":{"HOST":{"auth":"bm9ib2R5Om5vbmU="}}}"#
        try await push(to: registry, credentialFile: text)
    }

    @Test(
        "a helper that fails is named with its words",
        arguments: [
            ("echo 'the keychain is locked' >&2; exit 1", "the keychain is locked"), ("echo hello", "protocol"),
            ("exit 3", "gave no credentials"),
        ]
    )
    func failingHelper(script: String, words: String) async throws {
        let registry = try StrictRegistry(access: .basic(user: "user", password: "pass"))
        try helper("broken", script)
        let failure = try await #require(throws: BuildFailure.self) {
            try await push(to: registry, credentialFile: #"{"credHelpers":{"HOST":"broken"}}"#)
        }
        #expect(failure.code == .unauthorized)
        #expect(failure.message.contains("docker-credential-broken"))
        #expect(failure.description.contains(words), "\(failure)")
    }

    @Test(
        "a helper that is not there, or has the name of no program, is a wrong configuration",
        arguments: ["absent", "../sh"]
    )
    func absentHelper(name: String) async throws {
        let registry = try StrictRegistry(access: .basic(user: "user", password: "pass"))
        let failure = try await #require(throws: BuildFailure.self) {
            try await push(to: registry, credentialFile: #"{"credsStore":"\#(name)"}"#)
        }
        #expect(failure.code == .invalidConfiguration)
        #expect(failure.message.contains(name))
    }

    @Test(
        "an identity token is exchanged by POST, or by GET where the server does not know that",
        arguments: [[], [Quirk.tokenPost404]]
    )
    func identityToken(quirks: [Quirk]) async throws {
        let access = StrictRegistry.Access.bearer(user: "user", password: "pass", lifetime: 60)
        let registry = try StrictRegistry(quirks: Set(quirks), access: access)
        let token = StrictRegistry.identityToken
        try await push(
            to: registry,
            credentialFile: #"{"auths":{"HOST":{"auth":"PHRva2VuPjo=","identitytoken":"\#(token)"}}}"#
        )
        #expect(registry.requests.contains("POST /token"))
    }

    @Test("all that need the same token wait for one")
    func oneToken() async throws {
        let registry = try StrictRegistry(access: .bearer(user: "user", password: "pass", lifetime: 60))
        let text = #"{"auths":{"HOST":{"auth":"dXNlcjpwYXNz"}}}"#
        try await push(to: registry, credentialFile: text, layers: 12)
        #expect(registry.requests.filter { $0.hasPrefix("GET /token") }.count == 1)
    }

    @Test(
        "a token that the registry read one scope of still mounts or uploads",
        arguments: [Quirk.badScopeKillsToken, .firstScopeOnly]
    )
    func privateBase(quirk: Quirk) async throws {
        let access = StrictRegistry.Access.bearer(user: "user", password: "pass", lifetime: 60)
        let registry = try StrictRegistry(quirks: [quirk], access: access)
        let base = StrictFixture.blob(20_000)
        try registry.seed(StrictFixture.image([base]), as: "1", in: "private/base")
        let source = ImageReference(registry: registry.host, repository: "private/base")
        var settings = StrictFixture.settings()
        settings.credentials[registry.host] = .init(username: "user", password: Redacted("pass"))
        var mounted = base
        mounted.source = .registry(source)
        try await fixture.push(StrictFixture.image([mounted]), to: registry, settings: settings)
        #expect(registry.faults(ofTag: "v1", in: "team/app") == [])
        #expect(registry.digest(ofTag: "v1", in: "team/app") != nil)
        #expect(registry.requests.filter { $0.contains("mount=") }.count <= 2)
    }

    private func helper(_ name: String, _ script: String) throws {
        try scratch.write(
            "#!/bin/sh\n[ \"$1\" = get ] || exit 2\n\(script)\n",
            to: "docker-credential-\(name)",
            mode: 0o755
        )
    }

    private func push(to registry: StrictRegistry, credentialFile text: String, layers: Int = 1) async throws {
        var settings = StrictFixture.settings()
        settings.helperPath = "\(scratch.path):/usr/bin:/bin"
        settings.credentialFiles = [
            scratch("missing.json"), try scratch.write(text.replacing("HOST", with: registry.host), to: "config.json"),
        ]
        let image = StrictFixture.image((0..<layers).map { _ in StrictFixture.blob(1000) })
        try await fixture.push(image, to: registry, settings: settings)
        #expect(registry.violations == [])
    }
}
