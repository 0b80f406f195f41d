import BuildModel
import Documents
import Platform
import TestSupport

/// Builds in one process, with a cache and a registry of a test's own.
struct StepFixture {
    let scratch: Scratch
    let registry: RegistryServer
    /// A directory with rules; the project's own if nil.
    var rules: String?
    var variables: [String: String] = [:]
    /// Those of the variables that steps may have.
    var secrets: [String] = []
    /// Who builds; nil for whoever runs the tests.
    private(set) var user: OrdinaryUser?

    init() async throws {
        scratch = try Scratch()
        registry = try await RegistryServer()
    }

    var environment: [String: String] {
        [
            "SLIPWAY_CACHE_DIRECTORY": scratch("cache"),
            "SLIPWAY_BUILDPACKS_DIRECTORY": rules ?? "\(Checkout.root)/buildpacks",
            "SLIPWAY_REGISTRIES_LAYOUTS": "\(Cache.directory)/base-images",
            // Where tests run, names may lead to a proxy of the network.
            "SLIPWAY_SANDBOX_ALLOW_PRIVATE": "true",
        ].merging(variables) { $1 }
    }

    /// Lets a user build who is not root.
    mutating func useOrdinaryUser() throws {
        let user = try OrdinaryUser(in: scratch)
        try user.own("cache")
        self.user = user
    }

    func result(_ words: [String]) async throws -> CommandResult {
        guard let user else { return try await SlipwayProgram.result(words, environment: environment) }
        let programs = SlipwayProgram.path.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 }
        let views = [
            try user.view(programs, as: "programs"), try user.view("\(Checkout.root)/buildpacks", as: "buildpacks"),
            try user.view("\(Cache.directory)/base-images", as: "base-images", isOpened: true),
        ]
        let own = [
            "SLIPWAY_BUILDPACKS_DIRECTORY": rules ?? scratch("buildpacks"),
            "SLIPWAY_REGISTRIES_LAYOUTS": scratch("base-images"),
        ]
        return try await user.result(
            [scratch("programs/slipway")] + words,
            views: views,
            environment: environment.merging(own) { $1 }
        )
    }

    /// Writes the files of an app that no repository has; returns its path.
    @discardableResult
    func app(_ files: [String: String], at name: String = "app") throws -> String {
        for (path, text) in files { try scratch.write(text, to: "\(name)/\(path)") }
        return scratch(name)
    }

    /// Copies an app of Tests/Apps, and writes the files that are a test's own.
    func app(copying name: String, _ files: [String: String] = [:]) async throws {
        try await Command.output(["cp", "-R", "\(Checkout.root)/Tests/Apps/\(name)", scratch("app")])
        try app(files)
    }

    /// Replaces the rules by one whose steps are given as YAML.
    mutating func useRule(_ steps: String, includesSource: Bool = true) throws {
        rules = scratch("rules")
        try scratch.write(
            """
            language: probe
            image: docker.io/library/debian:13-slim
            includesSource: \(includesSource)
            detect: [{score: 50, when: [{file: probe.txt}]}]
            start: [{arguments: [cat, /app/probe.txt]}]
            steps:
            \(steps.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
            """,
            to: "rules/probe.yaml"
        )
    }

    /// The words of a build of `app` into the registry.
    func words(_ tag: String, _ more: [String], app: String = "app") -> [String] {
        ["build", scratch(app), "--output", "docker://\(registry.host)/apps/app:\(tag)", "-o", "json"]
            + secrets.flatMap { ["--secret", $0] } + more
    }

    func build(_ tag: String, _ more: String..., app: String = "app") async throws -> StepBuild {
        let result = try await result(words(tag, more, app: app))
        return StepBuild(result: result, json: try? JSONDocument.parse(result.text))
    }

    /// What an image of the registry has in its file system, unpacked.
    func unpack(_ tag: String) async throws -> String {
        let layout = scratch("pulled-\(tag)")
        try await Command.output([
            "skopeo", "copy", "--quiet", "--src-tls-verify=false", "docker://\(registry.host)/apps/app:\(tag)",
            "oci:\(layout):app",
        ])
        try await Command.output([
            "umoci", "unpack", "--rootless", "--image", "\(layout):app", scratch("bundle-\(tag)"),
        ])
        return scratch("bundle-\(tag)/rootfs")
    }
}

/// What came of a build.
struct StepBuild {
    let result: CommandResult
    let json: JSONValue?

    var log: String { result.errorText }
    var digest: String? { json?["digest"]?.string }

    /// Names of steps that were taken from memory, and of those that were run.
    var remembered: [String] { steps { $0.contains(": remembered as ") } }
    var run: [String] { steps { $0.contains(": took ") && $0.contains("of memory") } }

    private func steps(_ isWanted: (Substring) -> Bool) -> [String] {
        log.split(separator: "\n").filter { $0.hasPrefix("installing") || $0.hasPrefix("building") }.filter(isWanted)
            .compactMap { line in line.split(separator: " ").dropFirst().first.map { String($0.dropLast()) } }
    }
}
