import BuildModel
import TestSupport
import Testing

extension ToolchainTests {
    @Test("a Bun app in TypeScript is installed by Bun, runs as it is written, and answers")
    func bun() async throws {
        var fixture = try await Toolchain(name: "bun").fixture()
        let packages = try PackageRegistry()
        fixture.variables["SLIPWAY_STEPS_HOSTS"] = "127.0.0.1:\(packages.port)"
        let bun = try Checkout.standardVersion(of: "bun")
        let manifest: JSONValue = [
            "name": "web", "packageManager": .string("bun@\(bun)"), "scripts": ["start": "bun server.ts"],
            "dependencies": packages.versions(["brace-expansion"]),
        ]
        try fixture.app([
            "package.json": manifest.canonicalText,
            ".npmrc": "registry=\(packages.url)\n",
            "server.ts": """
            import expand from "brace-expansion";

            const page: string = expand("hello from {bun,nobody}")[0];
            Bun.serve({ port: Number(process.env.PORT), fetch: (): Response => new Response(page) });
            """,
        ])
        try await fixture.check(steps: ["install"], page: "hello from bun")
    }
}
