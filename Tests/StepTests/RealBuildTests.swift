import BuildModel
import Platform
import TestSupport
import Testing

/// Apps as their authors write them, with what they depend on. Those of Node.js and Go name the versions that Debian has, of which base
/// images are made here: Slipway would take later ones.
@Suite("Real apps", .serialized)
struct RealBuildTests {
    private static let flask = [
        "requirements.txt": "flask==3.0.3\nwerkzeug==3.0.6\n",
        "app.py": """
        import os
        from flask import Flask

        app = Flask(__name__)

        @app.get("/")
        def index():
            return "hello from flask"

        if __name__ == "__main__":
            app.run(host="0.0.0.0", port=int(os.environ["PORT"]))
        """,
    ]

    @Test("Flask with pinned requirements is installed, remembered, pulled and answers")
    func flask() async throws {
        let fixture = try await StepFixture()
        try fixture.app(Self.flask)
        try await fixture.check(steps: ["install"], page: "hello from flask")
    }

    @Test("and so it is by a worker that is not root, which makes the same image and leaves nothing of the step")
    func rootless() async throws {
        var fixture = try await StepFixture()
        try fixture.app(Self.flask)
        try fixture.useOrdinaryUser()
        let page = "hello from flask"
        let digest = try await fixture.check(steps: ["install"], page: page, otherCache: "user/home/cache")
        let root = try await StepFixture()
        try root.app(Self.flask)
        #expect(try await root.build("1").digest == digest, "another node's pip has left something else")
        let left = try Directories.list(fixture.scratch("cache/steps"))
        #expect(!left.contains { $0.hasPrefix("run-") }, "\(left)")
        try fixture.app(["requirements.txt": "# the same\nflask==3.0.3\nwerkzeug==3.0.6\n"])
        let changed = try await fixture.build("3")
        #expect(changed.run == ["install"], "its cache cannot be used a second time: \(changed.log)")
    }

    @Test("an Express app with a lock file is installed from a registry of packages, built, pruned and answers")
    func node() async throws {
        var fixture = try await StepFixture()
        let packages = try PackageRegistry()
        fixture.variables["SLIPWAY_STEPS_HOSTS"] = "127.0.0.1:\(packages.port)"
        let manifest: JSONValue = [
            "name": "web", "version": "1.0.0", "engines": ["node": "20.19.2"],
            "scripts": ["start": "node server.js", "build": "node build.js"],
            "dependencies": packages.versions(["express"]), "devDependencies": packages.versions(["brace-expansion"]),
        ]
        try fixture.app([
            "package.json": manifest.canonicalText,
            "package-lock.json": packages.lock(dependencies: ["express"], development: ["brace-expansion"]),
            ".npmrc": "registry=\(packages.url)\n",
            "build.js": """
            require("fs").writeFileSync("page.txt", require("brace-expansion")("hello from {express,nobody}")[0]);
            """,
            "server.js": """
            const app = require("express")();
            const page = require("fs").readFileSync("page.txt", "utf8");
            app.get("/", (request, response) => { response.type("text").send(page); });
            app.listen(process.env.PORT, "0.0.0.0");
            """,
        ])
        try await fixture.check(steps: ["install", "install-tools", "build"], page: "hello from express")
        #expect(packages.requests.allSatisfy { $0.contains("/-/") }, "the lock file says all: \(packages.requests)")
        let root = try await fixture.unpack("1")
        let (shipped, all) = (packages.closure(of: ["express"]), packages.closure(of: ["express", "brace-expansion"]))
        #expect(shipped.count > 20 && all.count > shipped.count + 1, "too few to mean anything: \(all)")
        for name in all {
            let isThere = Files.exists("\(root)/app/node_modules/\(name)/package.json")
            #expect(isThere == shipped.contains(name), "\(name)")
        }
    }

    @Test("a Node app without a lock file gets what the registry's documents name, and a warning")
    func unlocked() async throws {
        var fixture = try await StepFixture()
        let packages = try PackageRegistry()
        fixture.variables["SLIPWAY_STEPS_HOSTS"] = "127.0.0.1:\(packages.port)"
        let name = "brace-expansion"
        let manifest: JSONValue = ["name": "web", "version": "1.0.0", "dependencies": packages.versions([name])]
        try fixture.app([
            "package.json": manifest.canonicalText, ".npmrc": "registry=\(packages.url)\n", ".nvmrc": "20.19.2\n",
            "server.js": "require('http').createServer().listen(process.env.PORT);",
        ])
        let build = try await fixture.build("1")
        try #require(build.result.succeeded, "\(build.log)")
        #expect(build.log.contains("There is no lock file"), "\(build.log)")
        #expect(packages.requests.contains("GET /\(name)"), "\(packages.requests)")
        let root = try await fixture.unpack("1")
        for name in packages.closure(of: [name]) {
            #expect(Files.exists("\(root)/app/node_modules/\(name)/package.json"), "\(name)")
        }
    }

    @Test("a Go app with vendored modules becomes one binary that answers")
    func go() async throws {
        let fixture = try await StepFixture()
        try fixture.app([
            ".go-version": "1.24.4\n",
            "go.mod": "module example.org/web\n\ngo 1.24\n\nrequire example.org/greet v1.0.0\n",
            "vendor/modules.txt": "# example.org/greet v1.0.0\n## explicit; go 1.21\nexample.org/greet\n",
            "vendor/example.org/greet/greet.go":
                "package greet\n\nfunc Hello(name string) string { return \"hello from \" + name }\n",
            "main.go": """
            package main

            import (
            	"fmt"
            	"net/http"
            	"os"

            	"example.org/greet"
            )

            func main() {
            	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, greet.Hello("go")) })
            	panic(http.ListenAndServe(":"+os.Getenv("PORT"), nil))
            }
            """,
        ])
        try await fixture.check(steps: ["build"], page: "hello from go")
        #expect(!Files.exists("\(try await fixture.unpack("1"))/app/main.go"), "the image has the source")
    }
}
