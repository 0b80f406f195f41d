import BuildModel
import Documents
import Platform
import TestSupport
import Testing

@Suite("Registries from the command line")
struct RegistryCommandTests {
    let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    @Test("an image goes from one registry to a layout to another registry, and other tools see the same digests")
    func copy() async throws {
        let (first, second) = (try await RegistryServer(), try await RegistryServer())
        let layout = try await image(in: first)
        try await slipway(["copy", "docker://\(first.host)/a:t", "oci:\(scratch("layout")):t"])
        try await slipway(["copy", "oci:\(scratch("layout")):t", "docker://\(second.host)/b:t"])
        let inspect = ["skopeo", "inspect", "--raw", "--tls-verify=false"]
        let manifests = [
            try await Command.output(inspect + ["docker://\(first.host)/a:t"]).output,
            try await Command.output(inspect + ["docker://\(second.host)/b:t"]).output,
            try await Command.output(["skopeo", "inspect", "--raw", "oci:\(layout):t"]).output,
        ]
        #expect(Set(manifests.map { Digest(of: $0) }).count == 1)
        let plain = ["skopeo", "copy", "-q", "--src-tls-verify=false"]
        try await Command.output(plain + ["docker://\(second.host)/b:t", "oci:\(scratch("back")):t"])
        try await Command.output(["diff", "-r", "\(scratch("layout"))/blobs", "\(scratch("back"))/blobs"])
        let again = try await slipway([
            "copy", "oci:\(scratch("layout")):t", "docker://\(second.host)/b:t", "-o", "json",
        ])
        #expect(try JSONDocument.parse(again.output)["movedBytes"]?.integer == 0)
    }

    @Test("requests go through the proxy that the environment names, but not to hosts that it excepts")
    func proxy() async throws {
        let proxy = try SocketServer { request in
            if request.method == "CONNECT" { return request.respond(403) }
            request.respond(200, body: "{}")
        }
        let environment = ["http_proxy": proxy.url(""), "https_proxy": proxy.url(""), "no_proxy": "127.0.0.1"]
        let host = "registry.invalid:5000"
        try await slipway(["registry", "probe", host, "--registries-plain-http", host], environment)
        #expect(proxy.requests == ["GET http://\(host)/v2/"])

        let failed = try await SlipwayProgram.result(
            ["registry", "probe", "secure.invalid"] + cache,
            environment: environment
        )
        #expect(failed.status != 0)
        #expect(proxy.requests.contains("CONNECT secure.invalid:443"))

        let registry = try await RegistryServer()
        let before = proxy.requests.count
        let answer = try await slipway(["registry", "probe", registry.host, "-o", "json"], environment)
        #expect(try JSONDocument.parse(answer.output)["status"]?.integer == 200)
        #expect(proxy.requests.count == before)
    }

    @Test(
        "passwords and credential files are found where systemd puts a service's secrets",
        arguments: [
            ["--registries-credentials", "HOST=builder:registry-password"],
            ["--registries-credential-files", "registry-auth.json"],
        ]
    )
    func systemdCredentials(words: [String]) async throws {
        let registry = try await RegistryServer(user: (name: "builder", password: "s3cret"))
        try scratch.write("s3cret\n", to: "registry-password", mode: 0o400)
        let auth = Base64.encode(Array("builder:s3cret".utf8))
        try scratch.write(#"{"auths":{"\#(registry.host)":{"auth":"\#(auth)"}}}"#, to: "registry-auth.json")
        let answer = try await slipway(
            ["registry", "probe", registry.host, "-o", "json"]
                + words.map { $0.replacing("HOST", with: registry.host) },
            ["CREDENTIALS_DIRECTORY": scratch.path]
        )
        let probe = try JSONDocument.parse(answer.output)
        #expect(probe["status"]?.integer == 200 && probe["identity"]?.string == "user 'builder'", "\(answer.text)")
    }

    @Test(
        "what podman's and docker's login left is found without configuration",
        arguments: [
            ("REGISTRY_AUTH_FILE", "/auth.json", "auth.json"), ("XDG_RUNTIME_DIR", "", "containers/auth.json"),
            ("DOCKER_CONFIG", "", "config.json"),
        ]
    )
    func usualFiles(variable: String, value: String, file: String) async throws {
        let registry = try await RegistryServer(user: (name: "builder", password: "s3cret"))
        let auth = Base64.encode(Array("builder:s3cret".utf8))
        try scratch.write(#"{"auths":{"\#(registry.host)":{"auth":"\#(auth)"}}}"#, to: file)
        let answer = try await slipway(
            ["registry", "probe", registry.host, "-o", "json"],
            [variable: scratch.path + value]
        )
        let probe = try JSONDocument.parse(answer.output)
        #expect(probe["status"]?.integer == 200 && probe["identity"]?.string == "user 'builder'", "\(answer.text)")
    }

    @Test("a probe shows what was learned of a host by pushes before it")
    func probe() async throws {
        let registry = try await RegistryServer()
        _ = try await image(in: registry)
        let layout = "oci:\(scratch("layout")):t"
        try await slipway(["copy", "docker://\(registry.host)/a:t", layout])
        try await slipway(["copy", layout, "docker://\(registry.host)/b:t"])
        try await slipway(["copy", "docker://\(registry.host)/b:t", "docker://\(registry.host)/c:t"])
        let answer = try await slipway(["registry", "probe", registry.host, "--repository", "b"])
        #expect(answer.text.contains("api        http://\(registry.host)/v2/ answers 200"), "\(answer.text)")
        #expect(answer.text.contains("mounts     yes") && answer.text.contains("referrers  no"), "\(answer.text)")
        #expect(answer.text.contains("may push   yes"), "\(answer.text)")
    }

    private var cache: [String] { ["--cache-directory", scratch("cache")] }

    @discardableResult
    private func slipway(_ words: [String], _ environment: [String: String] = [:]) async throws -> CommandResult {
        try await SlipwayProgram.output(words + cache, environment: environment)
    }

    /// Puts an image with a layer of random bytes into `a:t` of a registry by other tools; returns the layout that it came from.
    private func image(in registry: RegistryServer) async throws -> String {
        let layout = scratch("made")
        try await Command.output(["umoci", "init", "--layout", layout])
        try await Command.output(["umoci", "new", "--image", "\(layout):t"])
        let bytes = try await Command.output(["head", "-c", "3000000", "/dev/urandom"]).output
        try Files.writeAtomically(bytes, to: scratch("file"))
        let words = ["umoci", "insert", "--rootless", "--image", "\(layout):t", scratch("file"), "/file"]
        try await Command.output(words)
        let plain = ["skopeo", "copy", "-q", "--dest-tls-verify=false"]
        try await Command.output(plain + ["oci:\(layout):t", "docker://\(registry.host)/a:t"])
        return layout
    }
}
