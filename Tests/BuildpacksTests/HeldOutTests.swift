import TestSupport
import Testing

@Suite("Public examples are counted by what the program plans for them")
struct HeldOutTests {
    @Test("of three apps the one whose label the plan does not meet is told, and the count is under the bar")
    func judged() async throws {
        let scratch = try Scratch()
        let list = try scratch.write(
            """
            repository\tpath\tcommit\tlanguage\tstart
            example/web\t.\t0a1b2c\tnode\tnode
            example/many\tservices/api\t0a1b2c\tgo\tbinary
            example/page\t.\t0a1b2c\tphp\tphp

            """,
            to: "list.tsv"
        )
        try scratch.write(#"{"scripts": {"start": "node server.js"}}"#, to: "apps/example__web/package.json")
        try scratch.write("require('http')\n", to: "apps/example__web/server.js")
        try scratch.write("module api\n\ngo 1.24\n", to: "apps/example__many__services__api/go.mod")
        try scratch.write("package main\n\nfunc main() {}\n", to: "apps/example__many__services__api/main.go")
        try scratch.write("<!doctype html><title>Page</title>\n", to: "apps/example__page/index.html")
        let result = try await Command.result(
            ["\(Checkout.root)/scripts/held-out", "--list", list, scratch("apps")],
            environment: ["SLIPWAY": SlipwayProgram.path]
        )
        #expect(result.status == 1, "\(result.errorText)")
        #expect(result.lines.count == 2)
        #expect(result.lines.first?.hasPrefix("example__page: language static, not php; start static (caddy ") == true)
        #expect(result.lines.last == "3 apps: 2 right language (66.7 %), 1 wrong start class")
    }
}
