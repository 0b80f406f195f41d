import BuildModel
import Platform
import Testing

@testable import Buildpacks

@Suite("What is built in the place of a root that is no app")
struct SoleAppRuleTests {
    private static let app = [
        "README.md": "", "api/go.mod": "module s\ngo 1.25\n", "api/main.go": "package main\nfunc main() {}\n",
    ]

    private func soleApp(_ files: [String: String], _ options: PlanOptions = PlanOptions()) throws -> SoleApp? {
        let tree = MemoryTree(files)
        return try shippedRules().soleApp(in: tree, besides: failure(tree, options), options: options)
    }

    @Test("a lock is held against the app, and does not hide it")
    func lock() throws {
        var lock = PlanLock(try plan(["main.go": "package main\nfunc main() {}\n", "go.mod": "module s\ngo 1.25\n"]))
        lock.rule.digest = Digest(of: "another")
        let options = PlanOptions(lock: lock)
        let app = try #require(try soleApp(Self.app, options))
        #expect(app.directory == "api")
        let failure = try failure(MemoryTree(Self.app).directory("api"), app.options)
        #expect(failure.code == .lockMismatch)
    }

    @Test("large manifests in many directories cost no more than a few")
    func budget() throws {
        let manifest =
            "{\"scripts\": {\"start\": \"node a.js\"}, \"x\": [" + String(repeating: "[],", count: 300_000) + "[]]}"
        var files = ["README.md": ""]
        for number in 0..<60 { files["d\(number)/package.json"] = manifest }
        let roots = try shippedRules().roots(tree: MemoryTree(files), options: PlanOptions(), reading: 2 << 20)
        #expect((1...8).contains(roots.count), "\(roots.count) of 60 directories were planned")
    }

    @Test("so do large modules of Maven, which are looked at before")
    func modules() throws {
        let comment = "<!--" + String(repeating: "x", count: 900_000) + "-->"
        var files = ["pom.xml": "<project><artifactId>all</artifactId></project>"]
        for number in 0..<60 {
            files["m\(number)/pom.xml"] = "<project><parent><artifactId>all</artifactId></parent>\(comment)</project>"
        }
        let outline = try TreeOutline(MemoryTree(files), depth: 6, ignore: [])
        let workspace = try Workspace(outline, ignore: [])
        #expect((3...8).contains(workspace.modules.directories.count))
        #expect(outline.bytesRead < 8 << 20)
    }
}
