import BuildModel
import Platform
import TestSupport
import Testing

@testable import Buildpacks

@Suite("Rules read on all processors")
struct RuleReadingTests {
    @Test("they are those that are read one after another")
    func same() async throws {
        let files = try RuleFiles(directory: "\(root)/buildpacks")
        let rules = try await RuleSet.reading(files)
        #expect(rules.identities == (try shippedRules().identities))
        #expect(rules.index.digest == (try shippedRules().index.digest))
        let tree = MemoryTree(["main.py": "import flask\n", "requirements.txt": "flask\n"])
        #expect(try rules.plan(tree: tree) == shippedRules().plan(tree: tree))
    }

    @Test("of several that are wrong, the first is named, as when they are read one after another")
    func first() async throws {
        let scratch = try Scratch()
        for name in ["a", "b", "c", "d", "e"] { try scratch.write("language: [\(name)\n", to: "broken/\(name).yaml") }
        for name in ["a", "b", "c", "d", "e"] { try scratch.write("nothing: \(name)\n", to: "wrong/\(name).yaml") }
        let broken = try RuleFiles(directory: scratch("broken"))
        let failure = await #expect(throws: BuildFailure.self) { try await RuleSet.reading(broken) }
        #expect(failure?.code == .invalidRule)
        let wrong = try RuleFiles(directory: scratch("wrong"))
        for _ in 0..<20 {
            let failure = await #expect(throws: BuildFailure.self) { try await RuleSet.reading(wrong) }
            #expect(failure?.message.contains("a.yaml:1") == true, "\(failure?.message ?? "")")
        }
    }
}
