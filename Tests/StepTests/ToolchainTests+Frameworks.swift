import Platform
import TestSupport
import Testing

/// Apps of frameworks that are told nothing of Slipway: what is run, what is made before and what the app may write to is in the rules alone.
extension ToolchainTests {
    @Test("Rails is installed, compiles its styles, keeps what it writes apart from its code, and answers")
    func rails() async throws {
        let (fixture, registry) = try await ruby()
        let gems = ["rails", "propshaft", "sqlite3", "puma"].map { "gem \"\($0)\"\n" }.joined()
        try await fixture.app(copying: "rails", ["Gemfile": "source \"\(registry.url)\"\n\(gems)"])
        // What compiles the styles writes the time into the log of production.
        try await fixture.check(
            steps: ["install", "build"],
            page: "hello from production rails, 65532 wrote 4, style is compiled, code is kept\n",
            environment: ["SECRET_KEY_BASE": "of-a-test"],
            otherCache: nil
        )
    }

    @Test("Symfony gets its plugin, fills its cache before it starts, may write to that alone, and answers")
    func symfony() async throws {
        let toolchain = Toolchain(name: "php")
        var fixture = try await toolchain.fixture()
        let registry = try FileRegistry(toolchain.packages)
        fixture.variables["SLIPWAY_STEPS_HOSTS"] = "127.0.0.1:\(registry.port)"
        try await fixture.app(copying: "symfony")
        let manifest = String(decoding: try Files.read(fixture.scratch("app/composer.json")), as: UTF8.self)
        try fixture.app(["composer.json": manifest.replacing("REGISTRY", with: registry.url)])
        try await fixture.check(
            steps: ["extensions", "install", "build"],
            page: "hello from prod symfony, cache of 0, pools of 65532, code is kept",
            environment: ["APP_SECRET": "of-a-test"]
        )
    }
}
