import Platform
import TestSupport
import Testing

extension ToolchainTests {
    private static let toolchain = Toolchain(name: "ruby")

    /// A fixture, and a registry of gems that its steps may reach.
    func ruby() async throws -> (StepFixture, FileRegistry) {
        var fixture = try await Self.toolchain.fixture()
        let registry = try FileRegistry(Self.toolchain.packages)
        fixture.variables["SLIPWAY_STEPS_HOSTS"] = "127.0.0.1:\(registry.port)"
        return (fixture, registry)
    }

    @Test("Sinatra without a lock file is installed from a registry of gems and answers")
    func sinatra() async throws {
        let (fixture, registry) = try await ruby()
        try fixture.app([
            "Gemfile": "source \"\(registry.url)\"\ngem \"sinatra\", \"~> 4.1\"\ngem \"rackup\"\n",
            "config.ru": """
            require "sinatra/base"

            class Web < Sinatra::Base
              get("/") { "hello from sinatra" }
            end

            run Web
            """,
        ])
        try await fixture.check(steps: ["install"], page: "hello from sinatra")
    }

    @Test("a Rack app with a lock file is installed from a registry of gems and answers")
    func rack() async throws {
        let (fixture, registry) = try await ruby()
        try fixture.app([
            "Gemfile": "source \"\(registry.url)\"\ngem \"rack\"\ngem \"rackup\"\n",
            "Gemfile.lock": try Self.lock(
                registry,
                ["rack": [], "rackup": ["rack (>= 3)", "webrick (~> 1.8)"], "webrick": []]
            ),
            "config.ru": Self.page("rack"),
        ])
        try await fixture.check(steps: ["install"], page: "hello from rack")
    }

    @Test("a Rack app without a server among its gems gets one in the build, locked or not", arguments: [true, false])
    func added(isLocked: Bool) async throws {
        let (fixture, registry) = try await ruby()
        try fixture.app([
            "Gemfile": "source \"\(registry.url)\"\ngem \"rack\"\n", "config.ru": Self.page("added puma"),
        ])
        if isLocked { try fixture.app(["Gemfile.lock": Self.lock(registry, ["rack": []])]) }
        try await fixture.check(steps: ["install", "server"], page: "hello from added puma")
    }

    private static func page(_ name: String) -> String {
        "run ->(environment) { [200, {\"content-type\" => \"text/plain\"}, [\"hello from \(name)\"]] }\n"
    }

    /// What Bundler writes of gems and what each needs; WEBrick alone is not the app's own.
    private static func lock(_ registry: FileRegistry, _ needs: [String: [String]]) throws -> String {
        let versions = try gems(in: toolchain.packages)
        let names = needs.keys.sorted()
        let specifications = names.flatMap { name in
            ["    \(name) (\(versions[name] ?? "?"))"] + (needs[name] ?? []).map { "      \($0)" }
        }
        let own = names.filter { $0 != "webrick" }.map { "  \($0)" }
        let head = ["GEM", "  remote: \(registry.url)", "  specs:"]
        let middle = ["", "PLATFORMS", "  ruby", "", "DEPENDENCIES"]
        return (head + specifications + middle + own + ["", "BUNDLED WITH", "   2.6.7", ""]).joined(separator: "\n")
    }

    /// An exact version of each gem that the registry has, by name.
    private static func gems(in packages: String) throws -> [String: String] {
        let names = try Directories.list("\(packages)/gems").map { $0.dropLast(".gem".count) }
        let pairs = names.compactMap { name in
            name.lastIndex(of: "-").map { (String(name[..<$0]), String(name[name.index(after: $0)...])) }
        }
        return Dictionary(pairs) { first, _ in first }
    }
}
