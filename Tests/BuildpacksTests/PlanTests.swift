import BuildModel
import Platform
import Testing

@testable import Buildpacks

@Suite("Plans")
struct PlanTests {
    @Test("the request's start command goes before the Procfile, that before the rule")
    func precedence() throws {
        let files = ["main.py": "", "Procfile": "web: python procfile.py\n"]
        let byRequest = try plan(files, PlanOptions(startCommand: "python request.py"))
        #expect(byRequest.start.source == "request")
        #expect(byRequest.start.arguments == ["python", "request.py"])
        let byProcfile = try plan(files)
        #expect(byProcfile.start.source == "Procfile: web")
        #expect(byProcfile.start.arguments == ["python", "procfile.py"])
        #expect(try plan(["main.py": ""]).start.source == "rule python: main.py")
    }

    @Test("the port is the request's, else that of PORT, else 3000, and the app is told")
    func port() throws {
        let files = ["main.py": ""]
        #expect(try plan(files).environment["PORT"] == "3000")
        #expect(try plan(files, PlanOptions(environment: ["PORT": "8080"])).port == 8080)
        let both = try plan(files, PlanOptions(port: 81, environment: ["PORT": "8080"]))
        #expect(both.port == 81)
        #expect(both.environment["PORT"] == "81")
        let wrong = try failure(MemoryTree(files), PlanOptions(environment: ["PORT": "http"]))
        #expect(wrong.code == .invalidRequest)
    }

    @Test("what the repository itself names is known as such: images, and what steps reach")
    func origins() throws {
        let files = ["main.py": "", "requirements.txt": "flask==3.0.3\n"]
        let image = "docker.io/library/debian:13-slim"
        let table: [(settings: String, run: PlanOrigin, step: PlanOrigin, network: PlanOrigin)] = [
            ("port: 80", .rule, .rule, .rule),
            ("image: \(image)", .repository, .rule, .rule),
            ("buildImage: \(image)", .rule, .repository, .rule),
            ("install: pip list", .rule, .rule, .rule),
            ("install: pip list\nbuildImage: \(image)", .rule, .repository, .rule),
            ("steps: {install: {image: '\(image)'}}", .rule, .repository, .rule),
            ("steps: {install: {network: ['localhost:6379']}}", .rule, .rule, .repository),
            ("steps: {more: {command: 'true', image: '\(image)', network: packages}}", .rule, .repository, .repository),
            ("buildImage: \(image)\nsteps: {more: {command: 'true'}}", .rule, .repository, .rule),
        ]
        for row in table {
            let found = try plan(files.merging(["slipway.yaml": row.settings + "\n"]) { $1 })
            #expect(found.runImageOrigin == row.run, "\(row.settings)")
            let step = try #require(found.steps.last, "\(row.settings)")
            #expect(step.imageOrigin == row.step, "\(row.settings)")
            #expect(step.networkOrigin == row.network, "\(row.settings)")
        }
    }

    @Test("the request's limits go before those of slipway.yaml, these before the rule's, for every step")
    func limits() throws {
        let rule = """
            language: probe
            image: docker.io/library/debian:13
            detect: [{score: 10, when: [{file: a}]}]
            start: [{arguments: [a]}]
            steps:
              - {name: install, command: 'true', limits: {memoryMiB: 512, seconds: 60}}
              - {name: build, command: 'true', limits: {memoryMiB: 512, seconds: 60}}
            """
        let rules = try RuleSet(files: ["probe.yaml": Array(rule.utf8)])
        let settings = "steps: {build: {limits: {memoryMiB: 1024, processes: 9}}}\n"
        let tree = MemoryTree(["a": "", "slipway.yaml": settings])
        let own = try rules.plan(tree: tree)
        #expect(own.steps.map(\.name) == ["install", "build"])
        #expect(
            own.steps.map(\.limits) == [
                StepLimits(memoryBytes: 512 << 20, seconds: 60), StepLimits(memoryBytes: 1024 << 20, processes: 9),
            ]
        )
        let asked = StepLimits(memoryBytes: 64 << 20, diskBytes: 32 << 20, outputBytes: 1 << 20)
        let found = try rules.plan(tree: tree, options: PlanOptions(stepLimits: asked))
        #expect(
            found.steps.map(\.limits) == [
                StepLimits(memoryBytes: 64 << 20, diskBytes: 32 << 20, seconds: 60, outputBytes: 1 << 20),
                StepLimits(memoryBytes: 64 << 20, processes: 9, diskBytes: 32 << 20, outputBytes: 1 << 20),
            ]
        )
    }

    @Test("variables of the request are not in the plan: they belong to the deployment")
    func secrets() throws {
        let found = try plan(["main.py": ""], PlanOptions(environment: ["TOKEN": "hunter2"]))
        #expect(!found.json.canonicalText.contains("hunter2"))
    }

    @Test("nobody runs as root, in a directory of the app's own")
    func user() throws {
        for files in [["main.py": ""], ["server.js": ""], ["index.html": ""]] {
            let found = try plan(files)
            #expect(found.user == "65532:65532")
            #expect(found.applicationDirectory == "/app")
        }
    }

    @Test("every rule is among the candidates, best first, each with a reason")
    func candidates() throws {
        let found = try plan(["index.html": "", "tool.py": "", "package.json": "{}"])
        #expect(found.candidates.prefix(3).map(\.language) == ["static", "python", "node"])
        #expect(found.candidates.count == (try shippedRules().identities.count))
        #expect(found.candidates[0].reason == "Won with score 50, because of index.html.")
        #expect(
            found.candidates[1].reason
                == "Matched because of tool.py, but its score 40 is less than the 50 of static."
        )
        let other = try plan(["main.py": ""])
        let reasons = other.candidates.dropFirst().map(\.reason)
        #expect(reasons.allSatisfy { $0.hasPrefix("Did not match: ") }, "\(reasons)")
    }

    @Test("a tie is decided by name, and said")
    func tie() throws {
        let text = """
            language: NAME
            image: docker.io/library/debian:13
            detect: [{score: 10, when: [{file: a}]}]
            start: [{arguments: [a]}]
            """
        let rules = try RuleSet(files: [
            "zeta.yaml": Array(text.replacing("NAME", with: "zeta").utf8),
            "alpha.yaml": Array(text.replacing("NAME", with: "alpha").utf8),
        ])
        let found = try rules.plan(tree: MemoryTree(["a": ""]))
        #expect(found.language == "alpha")
        #expect(found.warnings == ["alpha or zeta match equally well; alpha was taken by name."])
        #expect(
            found.candidates[1].reason == "Matched because of a, as good as alpha with score 10; names decide."
        )
    }

    @Test("several programs that could be started are named")
    func rivals() throws {
        let main = "if __name__ == '__main__':\n    pass\n"
        let found = try plan(["one.py": main, "two.py": "import os\n" + main, "setup.py": main])
        #expect(found.start.arguments == ["python", "one.py"])
        #expect(found.warnings.count == 1)
        #expect(found.warnings.first?.contains("two.py could be too") == true)
    }

    @Test("the digest is of the whole plan")
    func digest() throws {
        let first = try plan(["main.py": ""])
        #expect(try plan(["main.py": ""]).digest == first.digest)
        #expect(try plan(["main.py": ""], PlanOptions(port: 1)).digest != first.digest)
        #expect(first.digest == Digest(of: first.json.canonicalText))
    }
}
