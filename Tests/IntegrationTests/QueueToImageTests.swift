import BuildModel
import Documents
import Platform
import TestSupport
import Testing

@Suite("From the queue to an image that runs")
struct QueueToImageTests {
    private static let python = """
        import http.server, os

        if __name__ == "__main__":
            http.server.test(http.server.SimpleHTTPRequestHandler, port=int(os.environ["PORT"]))
        """
    private static let node = """
        require("http").createServer((_, answer) => answer.end("hello from node")).listen(process.env.PORT);
        """

    struct App: Sendable, CustomTestStringConvertible {
        var name: String
        var files: [String: String]
        var language: String
        var page: String
        var testDescription: String { name }
    }

    private static let apps = [
        App(
            name: "python",
            files: ["main.py": python, "index.html": "hello from python"],
            language: "python",
            page: "hello from python"
        ),
        // The Node.js that Debian has, which the images for the tests are made of.
        App(
            name: "node",
            files: ["server.js": node, ".nvmrc": "20.19.2\n"],
            language: "node",
            page: "hello from node"
        ),
        App(
            name: "static",
            files: ["index.html": "hello from a page", "deep/er/file.txt": "x"],
            language: "static",
            page: "hello from a page"
        ),
    ]

    @Test("an XADD becomes an image that skopeo pulls, umoci accepts and podman runs on PORT", arguments: apps)
    func wholeWay(app: App) async throws {
        let farm = try await Farm()
        let repository = try await farm.repository(app.name, app.files)
        let worker = try await farm.startWorker()
        try await farm.add("d-1", repository: app.name)
        let status = try await farm.ended("d-1")

        #expect(status["state"] == "SUCCESS", "\(status.prettyText) \(worker.log)")
        #expect(status["language"] == .string(app.language))
        #expect(status["commit"]?.string == (try await repository.git("rev-parse", "HEAD")))
        for phase in ["cloning", "detecting", "assembling", "pushing"] {
            #expect(status["phases"]?[phase]?.integer != nil, "no time for \(phase)")
        }
        let image = try #require(status["image"]?.string)
        let digest = try #require(status["digest"]?.string)
        #expect(image == "\(farm.registry.host)/apps/p-\(app.name):d-1@\(digest)")
        // Without a cluster it is not deployed, and the log says so where errors are.
        let log = try await farm.entries("slipway:{farm}:log:d-1")
        #expect(log.contains { $0["stream"] == "stderr" && $0["text"]?.contains("not deployed") == true })

        try await judge("\(farm.registry.host)/apps/p-\(app.name):d-1", digest: digest, repository, in: farm.scratch)
        try await run("\(farm.registry.host)/apps/p-\(app.name):d-1", page: app.page, probes: app.language == "static")
    }

    /// Tools that know nothing of us: the manifest's bytes have the digest, the image unpacks, and the app is the commit's tree.
    private func judge(_ image: String, digest: String, _ repository: GitRepository, in scratch: Scratch) async throws {
        let manifest = try await Command.output([
            "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(image)",
        ])
        #expect(Digest(of: manifest.output).description == digest)
        try await Command.output(
            [
                "skopeo", "copy", "--quiet", "--src-tls-verify=false", "docker://\(image)",
                "oci:\(scratch("pulled")):app",
            ]
        )
        try await Command.output(
            ["umoci", "unpack", "--rootless", "--image", "\(scratch("pulled")):app", scratch("bundle")]
        )
        try await Command.output(["mkdir", scratch("want")])
        let archive = try await Command.output(["git", "archive", "HEAD"], in: repository.path)
        try await Command.output(["tar", "-x", "-C", scratch("want")], input: archive.output)
        try await Command.output(["diff", "-r", "--no-dereference", scratch("want"), scratch("bundle/rootfs/app")])
    }

    /// Starts the image and asks for its page; a static site also answers what the deployer asks for by default.
    private func run(_ image: String, page: String, probes: Bool) async throws {
        let podman = try Podman()
        let port = Port.free()
        do {
            try await podman.pull(image)
            try await podman.start(image, port: port)
            try await eventually("the app shows its page") {
                try await Command.result(["curl", "--silent", "--max-time", "5", "http://127.0.0.1:\(port)/"]).text
                    .contains(page)
            }
            for probe in probes ? ["health", "ready"] : [] {
                try await Command.output(["curl", "--fail", "--silent", "http://127.0.0.1:\(port)/\(probe)"])
            }
        } catch {
            Issue.record("\(error)\n\((try? await podman.logs()) ?? "")")
        }
        try await podman.remove()
    }

    @Test("the same commit built again is the same image, and nothing is sent twice")
    func again() async throws {
        let farm = try await Farm()
        _ = try await farm.repository("app", ["index.html": "x"])
        let worker = try await farm.startWorker()
        try await farm.add("d-1", repository: "app")
        let first = try await farm.ended("d-1")
        try await farm.add("d-2", repository: "app")
        let second = try await farm.ended("d-2")
        #expect(first["state"] == "SUCCESS", "\(worker.log)")
        #expect(first["digest"] == second["digest"])
        let log = try await farm.slipway("logs", "d-2").text
        #expect(log.contains(" 0 B sent"), "\(log)")
    }

    @Test("a request's own start command, port, directory and image win")
    func overrides() async throws {
        let farm = try await Farm()
        _ = try await farm.repository("mono", ["apps/web/index.html": "x", "apps/web/tool.sh": "exit 0"])
        let worker = try await farm.startWorker()
        let image = "\(farm.registry.host)/other/place:v1"
        try await farm.add(
            "d-1",
            repository: "mono",
            #","rootDirectory":"/apps/web","startCommand":"sleep $PORT","port":8123,"image":"\#(image)""#
        )
        let status = try await farm.ended("d-1")
        #expect(status["state"] == "SUCCESS", "\(worker.log)")
        let config = try JSONDocument.parse(
            try await Command.output(["skopeo", "inspect", "--config", "--tls-verify=false", "docker://\(image)"])
                .output
        )
        #expect(config["config"]?["Entrypoint"] == ["/bin/sh", "-c", "exec sleep $PORT"])
        #expect(config["config"]?["ExposedPorts"] == ["8123/tcp": [:]])
        #expect(config["config"]?["User"] != nil)
    }
}
