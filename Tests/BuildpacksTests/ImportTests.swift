import BuildModel
import Testing

@testable import Buildpacks

@Suite("Packages are taken from imports")
struct ImportTests {
    @Test("a hostile number of modules ends in a refusal, quickly, and nothing is taken")
    func many() throws {
        var files = ["app.py": "from flask import Flask\napp = Flask(__name__)\n"]
        for number in 0..<50 {
            files["a\(number).py"] = (0..<2_000).map { "import m\(number)x\($0)\n" }.joined()
        }
        let start = ContinuousClock.now
        let failure = #expect(throws: BuildFailure.self) {
            try shippedRules().plan(tree: MemoryTree(files))
        }
        #expect(failure?.message.contains("'m0x0', which a0.py imports") == true, "\(failure?.message ?? "")")
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test("modules of the app's own end at a bound too")
    func own() throws {
        var files = ["app.py": "from flask import Flask\napp = Flask(__name__)\n"]
        for number in 0..<2_000 {
            files["m\(number).py"] = ""
            files["app.py", default: ""] += "import m\(number)\n"
        }
        let failure = #expect(throws: BuildFailure.self) {
            try shippedRules().plan(tree: MemoryTree(files))
        }
        #expect(failure?.message.contains("which app.py imports") == true, "\(failure?.message ?? "")")
    }
}
