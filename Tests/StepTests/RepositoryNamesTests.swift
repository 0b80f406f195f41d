import BuildModel
import HTTPTransport
import Platform
import Registry
import TestSupport
import Testing
import Worker

@Suite("What a repository may name")
struct RepositoryNamesTests {
    private func fixture(_ settings: String) async throws -> StepFixture {
        var fixture = try await StepFixture()
        try fixture.useRule("- {name: build, command: 'echo it ran'}")
        try fixture.app(["probe.txt": "", "slipway.yaml": settings])
        fixture.variables["SLIPWAY_REGISTRIES_PUSH"] = "registry.example.org/apps"
        return fixture
    }

    @Test(
        "images of all projects and of registries that are not on the internet are refused before anybody is asked",
        arguments: [
            "registry.example.org/apps/other:1", "127.0.0.1:5000/apps/other:1", "localhost:5000/x:1", "[::1]:5000/x:1",
            "10.0.0.1/x:1", "0x7f.1/x:1", "registry.internal/x:1", "hub.lan:5000/x:1",
        ]
    )
    func images(_ name: String) async throws {
        for key in ["image", "buildImage"] {
            let build = try await fixture("\(key): '\(name)'\n").build("1", "--no-cache")
            #expect(build.result.status == 65 && build.log.contains("image_not_allowed"), "\(build.log)")
        }
    }

    @Test("images of this node's layouts are everybody's")
    func layouts() async throws {
        let build = try await fixture("buildImage: docker.io/library/debian:13-slim\n").build("1")
        #expect(build.result.succeeded && build.log.contains("it ran"), "\(build.log)")
    }

    @Test("hosts that the operator does not name are refused, whatever names may lead to")
    func hosts() async throws {
        let table: [(hosts: String, open: String?, isAllowed: Bool)] = [
            ("localhost:6379", nil, false), ("files.example.org:80", nil, false), ("files.example.org:443", nil, true),
            ("files.example.org:80", "*.example.org:80", true), ("'*.example.org:80'", "files.example.org:80", false),
            ("'*:443'", nil, true), ("files.example.org:80", "*:*", true),
        ]
        for row in table {
            var fixture = try await fixture("steps: {build: {network: [\(row.hosts)]}}\n")
            fixture.variables["SLIPWAY_STEPS_OPEN_HOSTS"] = row.open
            let build = try await fixture.build("1")
            #expect(build.result.succeeded == row.isAllowed, "\(row): \(build.log)")
            #expect(build.log.contains("host_not_allowed") != row.isAllowed, "\(row): \(build.log)")
        }
    }

    /// A config with another's digests is easily made up; the bytes are not.
    @Test("an image that a repository names shares no files with images of others")
    func realms() async throws {
        let registry = try await RegistryServer()
        let scratch = try Scratch()
        try await Command.output(["umoci", "init", "--layout", scratch("layout")])
        try await Command.output(["umoci", "new", "--image", "\(scratch("layout")):1"])
        try await Command.output([
            "skopeo", "copy", "--quiet", "--dest-tls-verify=false", "oci:\(scratch("layout")):1",
            "docker://\(registry.host)/team/base:1",
        ])
        var settings = RegistrySettings()
        settings.mirrors = ["registry.invalid": [registry.host]]
        settings.spoolDirectory = scratch.path
        let http = HTTPClient(label: "realms.test")
        let client = RegistryClient(settings: settings, http: http)
        let finder = BaseImageFinder(
            layouts: [],
            archives: "/nonexistent",
            registry: client,
            anonymous: client,
            admission: ImageAdmission(open: [], pushed: "registry.invalid/apps"),
            platform: .current
        )
        let name = try ImageReference(parsing: "registry.invalid/team/base:1")
        let log = CollectedLog()
        #expect(try await finder.find(name, from: .repository, log: log).realm == "registry.invalid/team/base")
        #expect(try await finder.find(name, from: .rule, log: log).realm == "")
        await http.shutdown()
    }

    /// The mirror knows the farm alone; asked for without its credentials, the image is nowhere.
    @Test("what only the farm may read is not read for a repository, unless the operator opens it")
    func credentials() async throws {
        let registry = try await RegistryServer(user: ("farm", "secret"))
        let scratch = try Scratch()
        try await Command.output(["umoci", "init", "--layout", scratch("layout")])
        try await Command.output(["umoci", "new", "--image", "\(scratch("layout")):1"])
        try await Command.output([
            "skopeo", "copy", "--quiet", "--dest-tls-verify=false", "--dest-creds", "farm:secret",
            "oci:\(scratch("layout")):1", "docker://\(registry.host)/team/base:1",
        ])
        var settings = RegistrySettings()
        settings.mirrors = ["registry.invalid": [registry.host]]
        settings.credentials[registry.host] = RegistrySettings.Credential(
            username: "farm",
            password: Redacted("secret")
        )
        settings.firstDelay = .milliseconds(1)
        settings.spoolDirectory = scratch.path
        let http = HTTPClient(label: "names.test")
        func finder(_ open: [String]) -> BaseImageFinder {
            BaseImageFinder(
                layouts: [],
                archives: "/nonexistent",
                registry: RegistryClient(settings: settings, http: http),
                anonymous: RegistryClient(settings: settings.anonymous, http: http),
                admission: ImageAdmission(open: open, pushed: "registry.invalid/apps"),
                platform: .current
            )
        }
        let name = try ImageReference(parsing: "registry.invalid/team/base:1")
        let log = CollectedLog()
        #expect(try await finder([]).find(name, from: .rule, log: log).realm == "")
        #expect(try await finder(["registry.invalid/team"]).find(name, from: .repository, log: log).realm == "")
        for open in [[], ["registry.invalid/tea"], ["registry.invalid/team/base/more"]] {
            let failure = await #expect(throws: BuildFailure.self) {
                _ = try await finder(open).find(name, from: .repository, log: log)
            }
            #expect(
                failure?.message.contains("without the farm's credentials") == true,
                "\(String(describing: failure))"
            )
        }
        let apps = try ImageReference(parsing: "registry.invalid/apps/x:1")
        let failure = await #expect(throws: BuildFailure.self) {
            _ = try await finder(["registry.invalid"]).find(apps, from: .repository, log: log)
        }
        #expect(failure?.code.rawValue == "image_not_allowed")
        await http.shutdown()
    }
}
