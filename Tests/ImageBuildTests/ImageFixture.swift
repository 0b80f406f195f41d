import BuildModel
import Documents
import ImageBuild
import Platform
import TestSupport

/// Images of small layers, for looking at configs, manifests and layouts.
enum ImageFixture {
    static let created: Int64 = 1_763_883_330
    static let createdText = "2025-11-23T07:35:30Z"

    /// A base of its own, from nothing: a layer for each tree.
    static func base(
        _ trees: [[InMemoryTree.Item]] = [[.file("os-release", "base")]],
        name: String = "docker.io/library/base:1",
        config: JSONValue = [:],
        history: JSONValue? = nil
    ) throws -> BaseImage {
        let layers = try trees.map { try LayerFixture.layer($0, at: "/usr/share/base") }
        var document: JSONValue = [
            "architecture": "amd64", "os": "linux", "created": "2020-01-01T00:00:00Z", "config": config,
            "rootfs": ["type": "layers", "diff_ids": .array(layers.map { .string($0.diffID.description) })],
        ]
        document["history"] = history
        return BaseImage(name: try ImageReference(parsing: name), config: document, layers: layers.map(\.blob))
    }

    static func plan(environment: [String: String] = [:], arguments: [String] = ["python", "main.py"]) throws
        -> BuildPlan
    {
        BuildPlan(
            language: "python",
            rule: RuleIdentity(name: "python", digest: Digest(of: "rule")),
            candidates: [],
            runImage: try ImageReference(parsing: "docker.io/library/base:1"),
            applicationDirectory: "/app",
            workingDirectory: "/app/site",
            start: StartCommand(arguments: arguments, text: "python main.py", source: "Procfile: web"),
            user: "10001:10001",
            environment: environment,
            port: 3000,
            files: [],
            warnings: []
        )
    }

    static func revision() -> Revision {
        Revision(
            commit: ObjectID(bytes: [UInt8](repeating: 0xab, count: 20)),
            tree: ObjectID(bytes: [UInt8](repeating: 0xcd, count: 20)),
            repositoryURL: "https://git.example.org/team/app.git",
            reference: "main",
            rootDirectory: "services/web",
            commitMessage: "Say hello",
            authorName: "A",
            authorEmail: "a@example.org",
            committedAt: created
        )
    }

    static func appLayer() throws -> Layer {
        try LayerFixture.layer([
            .directory("bin"), .executable("bin/run", "#!/bin/sh\n"), .link("current", "bin/run"),
            .file("grüße", "hallo"),
        ])
    }

    static func image(
        base: BaseImage? = nil,
        environment: [String: String] = [:],
        labels: [String: String] = [:]
    ) throws -> Image {
        try ImageAssembler.assemble(
            base: try base ?? self.base(),
            layers: [try appLayer()],
            plan: try plan(environment: environment),
            revision: revision(),
            created: created,
            labels: labels
        )
    }

    /// An image that needs no registry, in a layout.
    static func write(_ image: Image, to directory: String, tag: String?) async throws {
        try await OCILayout.write(image, to: directory, tag: tag) { _ in throw InMemoryTree.Missing() }
    }
}
