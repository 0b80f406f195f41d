import BuildModel
import Buildpacks
import Documents
import Platform
import Testing

/// A repository of Tests/Fixtures and the plan that it has to come to.
struct GoldenPlan: Sendable, CustomTestStringConvertible {
    let name: String

    var testDescription: String { name }
    private var directory: String { "\(root)/Tests/Fixtures/\(name)" }
    var file: String { "\(directory)/plan.json" }

    static func all() throws -> [GoldenPlan] {
        try Directories.list("\(root)/Tests/Fixtures").filter { Directories.exists("\(root)/Tests/Fixtures/\($0)") }
            .map { GoldenPlan(name: $0) }
    }

    func tree() throws -> MemoryTree {
        var tree = MemoryTree()
        try add("", to: &tree)
        return tree
    }

    private func add(_ path: String, to tree: inout MemoryTree) throws {
        for name in try Directories.list("\(directory)/app/\(path)").sorted() {
            let child = path.isEmpty ? name : "\(path)/\(name)"
            if Directories.exists("\(directory)/app/\(child)") {
                try add(child, to: &tree)
            } else {
                tree.add(child, .file(try Files.read("\(directory)/app/\(child)")))
            }
        }
    }
}

@Suite("Plans of small repositories")
struct GoldenPlanTests {
    @Test("each repository of Tests/Fixtures comes to its plan", arguments: try GoldenPlan.all())
    func plan(_ golden: GoldenPlan) throws {
        let plan = try shippedRules().plan(tree: try golden.tree())
        var json = plan.json
        // The losers' reasons and the rule's digest change with every rule; what is planned is what counts.
        json["candidates"] = .array((json["candidates"]?.array ?? []).prefix(1).map(\.self))
        json["rule"] = .string(plan.rule.name)
        if SystemInformation.environment("SLIPWAY_WRITE_PLANS") == "1" {
            try Files.writeAtomically(Array((json.prettyText + "\n").utf8), to: golden.file)
        }
        let expected = try JSONDocument.parse(try Files.read(golden.file))
        for name in Set(json.object?.keys.map(\.self) ?? []).union(expected.object?.keys.map(\.self) ?? []).sorted() {
            #expect(json[name] == expected[name], "\(golden.name): \(name) is \(json[name]?.prettyText ?? "missing")")
        }
    }

    @Test("every language has one")
    func covered() throws {
        let names = Set(try GoldenPlan.all().map(\.name))
        #expect(try shippedRules().identities.map(\.name).filter { !names.contains($0) } == [])
    }
}
