import BuildModel
import Platform
import TestSupport
import Testing

@testable import Buildpacks

@Suite("Plans that are remembered")
struct PlanMemoTests {
    let scratch: Scratch
    private var memo: PlanMemo { PlanMemo(directory: scratch("plans")) }

    init() throws {
        scratch = try Scratch()
    }

    @Test("each comes back as it was", arguments: try GoldenPlan.all())
    func same(_ golden: GoldenPlan) throws {
        let plan = try shippedRules().plan(tree: try golden.tree())
        memo.keep(plan, for: key())
        let found = try #require(memo.plan(for: key()))
        #expect(found == plan)
        #expect(found.digest == plan.digest)
        #expect(memo.plan(for: key(rules: "others")) == nil)
    }

    @Test("a torn or damaged one is none")
    func damage() throws {
        memo.keep(try plan(["main.py": "print()\n"]), for: key())
        let path = scratch("plans/\(key().hex)")
        let whole = try Files.read(path)
        for count in stride(from: 0, to: whole.count, by: 37) {
            try Files.writeAtomically(Array(whole.prefix(count)), to: path)
            #expect(memo.plan(for: key()) == nil)
            var other = whole
            other[count] ^= 1
            try Files.writeAtomically(other, to: path)
            #expect(memo.plan(for: key()) == nil)
        }
        try Files.writeAtomically(whole, to: path)
        #expect(memo.plan(for: key()) != nil)
    }

    @Test("whatever determines a plan is part of its key")
    func keys() throws {
        let lock = PlanLock(try plan(["main.py": "print()\n"]))
        let options: [PlanOptions] = [
            PlanOptions(), PlanOptions(startCommand: "x"), PlanOptions(buildCommand: "x"),
            PlanOptions(buildSecrets: ["x"]), PlanOptions(stepLimits: StepLimits(seconds: 1)),
            PlanOptions(port: 80), PlanOptions(environment: ["x": "y"]), PlanOptions(environment: ["x": "z"]),
            PlanOptions(secretVariables: ["x"]), PlanOptions(releaseCommand: "x"),
            PlanOptions(pins: ["x": "y"]), PlanOptions(lock: lock), PlanOptions(today: "2026-01-02"),
        ]
        var package = PlanOptions()
        package.workspaceApp = WorkspaceProject(
            directory: "apps/x",
            evidence: Evidence(file: "package.json", predicate: "x"),
            start: .command("x")
        )
        var above = PlanOptions()
        above.procfileAbove = try Procfile(Array("web: x\n".utf8))
        // One for each property, so that a new one is not forgotten here and in the key.
        #expect(Mirror(reflecting: PlanOptions()).children.count == 13)
        let keys = (options + [package, above]).map { key($0) } + [key(rules: "others"), key(tree: 2)]
        #expect(Set(keys).count == keys.count)
    }

    @Test("the rules' key has every file's name and bytes, and those of the versions apart")
    func rules() throws {
        try scratch.write("a", to: "one/x.yaml")
        try scratch.write("a", to: "two/x.yaml")
        try scratch.write("b", to: "two/versions/y.yaml")
        try scratch.write("a", to: "three/y.yaml")
        try scratch.write("b", to: "four/x.yaml")
        try scratch.write("a", to: "five/x.yaml")
        try scratch.write("b", to: "five/y.yaml")
        let digests = try ["one", "two", "three", "four", "five"].map { try RuleFiles(directory: scratch($0)).digest }
        #expect(Set(digests).count == 5)
        try scratch.write("nothing", to: "one/x.txt")
        #expect(try RuleFiles(directory: scratch("one")).digest == digests[0])
    }

    @Test("the oldest go when there are many")
    func bound() throws {
        let plan = try plan(["main.py": "print()\n"])
        for number in 0..<300 { memo.keep(plan, for: key(rules: "\(number)")) }
        #expect(try Directories.list(scratch("plans")).count == 256)
        #expect(memo.plan(for: key(rules: "299")) != nil)
    }

    private func key(_ options: PlanOptions = PlanOptions(), rules: String = "rules", tree: UInt8 = 1) -> Digest {
        let id = ObjectID(bytes: [UInt8](repeating: tree, count: 20))
        return PlanMemo.key(tree: id, rules: Digest(of: rules), options)
    }
}
