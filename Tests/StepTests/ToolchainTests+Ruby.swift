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
        let gems = try Self.gems(in: Self.toolchain.packages)
        let (rack, rackup, webrick) = (gems["rack"] ?? "?", gems["rackup"] ?? "?", gems["webrick"] ?? "?")
        try fixture.app([
            "Gemfile": "source \"\(registry.url)\"\ngem \"rack\"\ngem \"rackup\"\n",
            "Gemfile.lock": """
            GEM
              remote: \(registry.url)
              specs:
                rack (\(rack))
                rackup (\(rackup))
                  rack (>= 3)
                  webrick (~> 1.8)
                webrick (\(webrick))

            PLATFORMS
              ruby

            DEPENDENCIES
              rack
              rackup

            BUNDLED WITH
               2.6.7

            """,
            "config.ru": "run ->(environment) { [200, {\"content-type\" => \"text/plain\"}, [\"hello from rack\"]] }\n",
        ])
        try await fixture.check(steps: ["install"], page: "hello from rack")
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
