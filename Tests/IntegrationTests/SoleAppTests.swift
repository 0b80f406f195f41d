import BuildModel
import Documents
import Platform
import TestSupport
import Testing

@Suite("The only app of a repository, below its root")
struct SoleAppTests {
    private static let server =
        "require('http').createServer((_, answer) => answer.end('open')).listen(process.env.PORT)\n"
    // The Node.js that Debian has, which the images for the tests are made of.
    private static let files = [
        "README.md": "A shop.\n", "services/shop/package.json": "{\"scripts\": {\"start\": \"node server.js\"}}\n",
        "services/shop/server.js": server, "services/shop/.nvmrc": "20.19.2\n",
    ]

    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private var environment: [String: String] { SlipwayProgram.environment(cache: scratch("cache")) }

    private func slipway(_ words: [String]) async throws -> JSONValue {
        let result = try await SlipwayProgram.output(words + ["-o", "json"], environment: environment)
        return try JSONDocument.parse(result.text)
    }

    @Test("is planned as if it were asked for, in a repository, behind a URL and in a plain directory")
    func plan() async throws {
        let repository = try await GitRepository(at: scratch("git"))
        try await repository.commit(Self.files)
        try await Command.output(["cp", "-r", scratch("git"), scratch("plain")])
        try await Command.output(["rm", "-rf", scratch("plain/.git")])
        let server = try await GitHTTPServer(root: scratch.path, scratch: scratch)
        let asked = try await slipway(["plan", scratch("git"), "--root", "services/shop"])
        for place in [scratch("git"), scratch("git/services"), scratch("plain"), server.url("git")] {
            let plan = try await slipway(["plan", place])
            let root: JSONValue = place.hasSuffix("services") ? "shop" : "services/shop"
            #expect(plan["root"] == root)
            #expect(plan["planDigest"] == asked["planDigest"])
            #expect(plan["warnings"]?.array?.first?.string?.contains("The only app is in") == true)
        }
    }

    @Test("is built into the same image as if it were asked for", arguments: ["git", "plain"])
    func build(_ place: String) async throws {
        let repository = try await GitRepository(at: scratch("git"))
        try await repository.commit(Self.files)
        if place == "plain" {
            try await Command.output(["cp", "-r", scratch("git"), scratch("plain")])
            try await Command.output(["rm", "-rf", scratch("plain/.git")])
            try await Command.output(["chmod", "0600", scratch("plain/services/shop/server.js")])
        }
        let output = { (tag: String) in ["--output", "oci:\(scratch("layout")):\(tag)"] }
        let found = try await slipway(["build", scratch(place)] + output("found"))
        let asked = try await slipway(["build", scratch(place), "--root", "services/shop"] + output("asked"))
        #expect(found["digest"] == asked["digest"])
        try await Command.output(
            ["umoci", "unpack", "--rootless", "--image", "\(scratch("layout")):found", scratch("bundle")]
        )
        #expect(try Files.read(scratch("bundle/rootfs/app/server.js")) == Array(Self.server.utf8))
    }

    @Test("is built by a worker, whose log and labels name its directory")
    func worker() async throws {
        let farm = try await Farm()
        _ = try await farm.repository("nested", Self.files)
        let worker = try await farm.startWorker()
        try await farm.add("d-1", repository: "nested")
        let status = try await farm.ended("d-1")
        #expect(status["state"] == "SUCCESS", "\(status.prettyText) \(worker.log)")
        #expect(status["language"] == "node")
        let log = try await farm.entries("slipway:{farm}:log:d-1")
        #expect(log.contains { $0["text"]?.contains("The only app is in 'services/shop'") == true })
        let image = try await Command.output([
            "skopeo", "inspect", "--tls-verify=false", "docker://\(farm.registry.host)/apps/p-nested:d-1",
        ])
        let labels = try JSONDocument.parse(image.text)["Labels"]
        #expect(labels?["io.slipway.source.directory"] == "services/shop")
    }
}
