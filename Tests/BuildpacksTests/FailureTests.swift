import BuildModel
import Buildpacks
import Glibc
import Testing

/// How long the processor works for `body`: how busy the machine is beside that says nothing.
private func processorTime(_ body: () throws -> Void) rethrows -> Duration {
    func spent() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
    let start = spent()
    try body()
    return spent() - start
}

@Suite("Sources that cannot be planned")
struct FailureTests {
    @Test(
        "nothing detected names what is nearly right",
        arguments: [
            (["Index.HTML": ""], "Index.HTML should be named index.html"),
            (["web/package.json": "{}"], "web/package.json is there: the root directory may be 'web'"),
            (["docs/index.html": ""], "docs/index.html is there: the root directory may be 'docs'"),
            (["README.md": ""], "go.mod"),
            (["README.md": ""], "a Procfile with a line 'web: COMMAND'"),
            (
                ["apps/shop/go.mod": "module x\ngo 1.24\n", "apps/shop/main.go": "package main\nfunc main() {}\n"],
                "No rule knows this source. The only app is in 'apps/shop' (go): let the root directory be that."
            ),
            (["src/main/java/org/example/Shop.java": ""], "a pom.xml or build.gradle does"),
            ([:], "There is no file to build"),
        ]
    )
    func nothing(_ files: [String: String], _ words: String) throws {
        let found = try failure(MemoryTree(files))
        #expect(found.code.rawValue == "nothing_detected")
        #expect(found.message.contains(words), "\(found.message)")
        #expect(found.fault == .code && !found.isRetryable)
    }

    @Test("a link in the place of a manifest is not followed, and said")
    func link() throws {
        var tree = MemoryTree(["README": ""])
        tree.add("package.json", .link("/etc/passwd"))
        let found = try failure(tree)
        #expect(found.message.contains("package.json is a symbolic link"), "\(found.message)")
    }

    @Test("a directory with the name of a manifest is not one")
    func directory() throws {
        let tree = MemoryTree(["package.json/x": "", "main.py": ""])
        let found = try shippedRules().plan(tree: tree)
        #expect(found.language == "python")
        let node = found.candidates.first { $0.language == "node" }
        #expect(node?.reason.contains("package.json is a directory") == true, "\(node?.reason ?? "")")
    }

    @Test("a huge manifest is refused without being read")
    func huge() throws {
        var tree = MemoryTree()
        tree.add("package.json", .file([UInt8](repeating: 32, count: 100 << 20)))
        var found: BuildFailure?
        let time = try processorTime { found = try failure(tree) }
        #expect(found?.code == .limitExceeded)
        #expect(found?.message.contains("package.json is larger than the 1 MiB") == true)
        #expect(time < .seconds(20))
    }

    /// Aliases of aliases, twice as many in each line.
    private static let bomb = (0..<40).map { number in
        let (own, other) = (number == 0 ? "b" : "k\(number - 1)", "k\(number)")
        return "\(other): &\(other) [*\(own), *\(own)]\n"
    }.joined()

    @Test(
        "a hostile manifest ends quickly in a failure that names its place",
        arguments: [
            ("package.json", String(repeating: "[", count: 500_000), "package.json:1:65: this is not valid JSON"),
            ("package.json", String(repeating: "{\"a\":", count: 200_000), "package.json:1:"),
            ("package.json", "{\"name\": \"a\u{0}b\"}", "package.json:1:"),
            ("package.json", "", "package.json:1:1: this is not valid JSON: it ends too early."),
            (
                "package.json", "{\n  \"main\": tru\n}",
                "package.json:2:11: this is not valid JSON: a value was expected."
            ),
            ("pyproject.toml", "a" + String(repeating: ".a", count: 400_000), "pyproject.toml:1:"),
            ("pyproject.toml", "x = " + String(repeating: "[", count: 900_000), "pyproject.toml:1:"),
            ("pom.xml", "<project>" + String(repeating: "<a>", count: 200_000), "pom.xml:1:1: this is not valid XML"),
            (
                "pom.xml", "<!DOCTYPE x [<!ENTITY a \"aaa\"><!ENTITY b \"&a;&a;\">]>\n<project>&b;",
                "pom.xml:2:1: this is not valid XML: <project> is not closed."
            ),
            ("pom.xml", "<project>\u{0}</project>", "pom.xml:1:1: this is not valid XML: it holds a NUL byte."),
            ("slipway.yaml", "a: &a [x, x]\nb: &b [*a, *a]\n" + bomb, "slipway.yaml:"),
            (
                "slipway.yaml", "steps:\n  install:\n    caches:\n      - {name: x, path: /proc}\n",
                "slipway.yaml:4: no cache can be at '/proc': /proc is the sandbox's own."
            ),
            ("slipway.yaml", String(repeating: "[", count: 100_000), "slipway.yaml:1:"),
            ("pyproject.toml", "[project\n", "pyproject.toml:1:9: this is not valid TOML: ']' was expected."),
        ]
    )
    func hostile(_ name: String, _ content: String, _ words: String) throws {
        var found: BuildFailure?
        let time = try processorTime { found = try failure(MemoryTree([name: content, "main.py": ""])) }
        #expect(found?.message.hasPrefix(words) == true, "\(found?.message ?? "")")
        #expect(time < .seconds(5))
    }

    @Test(
        "a large but valid manifest is read in linear time",
        arguments: [
            ("package.json", "{\"x\": [" + String(repeating: "[],", count: 250_000) + "[]]}"),
            ("package.json", "{" + (0..<60_000).map { "\"k\($0)\": \($0)" }.joined(separator: ",") + "}"),
            ("pyproject.toml", (0..<60_000).map { "k\($0) = \($0)\n" }.joined()),
            ("pyproject.toml", String(repeating: "[[a]]\n", count: 160_000)),
            ("requirements.txt", String(repeating: "# nothing\n", count: 100_000)),
        ]
    )
    func large(_ name: String, _ content: String) throws {
        let time = try processorTime { _ = try plan([name: content, "main.py": "", "server.js": ""]) }
        #expect(time < .seconds(10))
    }

    @Test("names that are no UTF-8 are passed over")
    func names() throws {
        var tree = MemoryTree(["main.py": ""])
        tree.add([0xFF, 0xFE, 0x2E, 0x70, 0x79], .file([]))
        tree.add([0xC3, 0x28] + Array("/x.py".utf8), .file([]))
        #expect(try shippedRules().plan(tree: tree).language == "python")
    }

    @Test("a start command that cannot be understood is the code's fault", arguments: ["'", "a \"b", "  ", "a\u{0}"])
    func command(_ text: String) throws {
        let found = try failure(MemoryTree(["main.py": ""]), PlanOptions(startCommand: text))
        #expect(found.code.rawValue == "invalid_start_command")
    }

    @Test("the failure of a tree passes through")
    func damaged() throws {
        struct DamagedTree: SourceTree {
            let id = ObjectID(bytes: [UInt8](repeating: 1, count: 20))
            func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws {
                throw BuildFailure(.platform, .corrupted, operation: "tree.walk", message: "An object is missing.")
            }
            func entry(at path: String) throws -> TreeEntry? { nil }
            func withContent<Result>(of entry: TreeEntry, limit: Int64, _ body: (RawSpan) throws -> Result) throws
                -> Result
            { try body([UInt8]().span.bytes) }
        }
        let rules = try shippedRules()
        let thrown = #expect(throws: BuildFailure.self) { try rules.plan(tree: DamagedTree()) }
        #expect(thrown?.code == .corrupted)
    }
}
