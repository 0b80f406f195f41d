import BuildModel
import Platform
import TestSupport
import Testing

@testable import Buildpacks

@Suite("The order in which files and rules come")
struct OrderTests {
    /// The shipped rules, their files and all that these say read in another order.
    private func rules(using generator: inout SeededGenerator) throws -> RuleSet {
        var files: [String: [UInt8]] = [:]
        let names = try Directories.list("\(root)/buildpacks").filter { $0.hasSuffix(".yaml") }
        for name in names.shuffled(using: &generator) { files[name] = try Files.read("\(root)/buildpacks/\(name)") }
        return try RuleSet(files: files, index: shippedRules().index)
    }

    @Test("changes no plan where several files could decide")
    func rivals() throws {
        let main = "if __name__ == '__main__':\n    pass\n"
        let trees = [
            MemoryTree(["b.py": main, "a.py": main, "z/__main__.py": "", "c/__main__.py": "", "README": ""]),
            MemoryTree(["package.json": "{\"main\": \"lib\"}", "lib/index.js": "", "lib.js": "", "x.py": ""]),
            MemoryTree(["public/index.html": "", "dist/index.html": "", "site/index.html": ""]),
        ]
        var generator = SeededGenerator(seed: 42)
        for tree in trees {
            let expected = try shippedRules().plan(tree: tree)
            for _ in 0..<20 {
                let rules = try rules(using: &generator)
                #expect(try rules.plan(tree: tree.shuffled(using: &generator)) == expected)
            }
        }
    }

    @Test("changes the plan of no repository of Tests/Fixtures")
    func fixtures() throws {
        var generator = SeededGenerator(seed: 7)
        let rules = try rules(using: &generator)
        for golden in try GoldenPlan.all() {
            let tree = try golden.tree()
            let expected = try shippedRules().plan(tree: tree)
            for _ in 0..<3 {
                let found = try rules.plan(tree: tree.shuffled(using: &generator))
                #expect(found == expected, "\(golden.name)")
            }
        }
    }

    @Test("changes none of the apps of a repository of all of them")
    func roots() throws {
        var tree = MemoryTree()
        for golden in try GoldenPlan.all() { tree.add(try golden.tree(), in: "apps/\(golden.name)") }
        var generator = SeededGenerator(seed: 11)
        let rules = try rules(using: &generator)
        let expected = try shippedRules().roots(tree: tree)
        #expect(expected.count > 50)
        for _ in 0..<3 {
            let found = try rules.roots(tree: tree.shuffled(using: &generator))
            #expect(found == expected)
        }
    }

    @Test("changes nothing of which is the only app below a root")
    func soleApp() throws {
        let tree = MemoryTree([
            "README.md": "", "Procfile": "web: cd api && ./s\n", "api/go.mod": "module s\ngo 1.25\n",
            "api/main.go": "package main\nfunc main() {}\n", "docs/notes.txt": "", "docker-compose.yml": "",
        ])
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<20 {
            let (rules, tree) = (try rules(using: &generator), tree.shuffled(using: &generator))
            let app = try rules.soleApp(in: tree, besides: failure(tree, rules: rules))
            #expect(app?.directory == "api")
            #expect(app?.options.procfileAbove?.start?.command == "./s")
        }
    }
}
