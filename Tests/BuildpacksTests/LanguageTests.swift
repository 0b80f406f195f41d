import BuildModel
import Documents
import Platform
import TestSupport
import Testing

@testable import Buildpacks

@Suite("The language of rules")
struct LanguageTests {
    static let head = "language: x\nimage: docker.io/library/x:1\n"

    static func cache(_ path: String) -> String {
        "steps:\n  - name: build\n    command: a\n    caches: [{name: c, path: '\(path)'}]\n"
    }

    static func imports(_ packages: String) -> String {
        "imports: {files: a, like: b <*>, ending: .c, own: d, packages: '\(packages)'}\n"
    }

    @Test(
        "a mistake in a rule is named with its line",
        arguments: [
            ("langauge: x\n", "x.yaml:1: unknown key 'langauge'"),
            ("image: x:1\n", "x.yaml:1: 'language' is missing."),
            ("language: x\nimage: docker.io/library/x\n", "x.yaml:2: 'image' needs a tag."),
            (head + "user: 0:0\n", "x.yaml:3: 'user' must be UID:GID"),
            (head + "port: http\n", "x.yaml:3: 'port' must be a whole number from 1 to 65535."),
            (head + "detect:\n  - score: 0\n    when: [{file: a}]\n", "x.yaml:4: 'score' must be"),
            (head + "detect:\n  - score: 1\n", "x.yaml:4: 'when' must be a list"),
            (head + "detect:\n  - score: 1\n    when:\n      - fiel: a\n", "x.yaml:6: unknown key 'fiel'"),
            (head + "detect:\n  - score: 1\n    when: [{file: a, glob: b}]\n", "x.yaml:5: a predicate is one of"),
            (head + "start:\n  - command: a\n    arguments: [b]\n", "x.yaml:4: a way to start has one of"),
            (head + "start: [{when: [{data: {file: a.txt, path: b}}], command: c}]\n", "x.yaml:3: data is read from"),
            (head + "files: [{path: ../a, content: b}]\n", "x.yaml:3: 'path' must be an absolute path."),
            ("a: [\n", "x.yaml:2:1: "),
            // Where a cache cannot be.
            (head + cache("/"), "x.yaml:6: 'path' must be an absolute path."),
            (head + cache("/."), "x.yaml:6: 'path' must be an absolute path without '.'."),
            (head + cache("/../\u{301}x"), "x.yaml:6: 'path' must be an absolute path."),
            (head + cache("/a/../\u{301}/etc"), "x.yaml:6: 'path' must be an absolute path."),
            (head + cache("/" + String(repeating: "n", count: 256)), "x.yaml:6: 'path' must be an absolute path of at"),
            (head + cache(String(repeating: "/n", count: 2000)), "x.yaml:6: 'path' must be an absolute path of at"),
            (head + cache("/proc"), "x.yaml:6: no cache can be at '/proc': /proc is the sandbox's own."),
            (head + cache("/proc/sys/"), "x.yaml:6: no cache can be at '/proc/sys/': /proc is"),
            (head + cache("//dev"), "x.yaml:6: no cache can be at '//dev': /dev is"),
            (head + cache("/run"), "x.yaml:6: no cache can be at '/run': /run/slipway is"),
            (head + cache("/run/secrets/TOKEN"), "x.yaml:6: no cache can be at '/run/secrets/TOKEN': /run/secrets"),
            // What can never hold.
            (
                head + "detect:\n  - {score: 9, when: [{file: a}]}\n  - {score: 8, when: [{file: a}, {file: b}]}\n",
                "x.yaml:5: this never counts: whenever it holds, so does a way with score 9."
            ),
            (head + "start:\n  - command: a\n  - command: b\n", "x.yaml:5: this is never reached: what line 4 says"),
            (head + "values:\n  v:\n    - a\n    - b\n", "x.yaml:6: this is never reached: what line 5 says"),
            (
                head + "detect:\n  - score: 1\n    when:\n      - file: a\n      - not: {file: a}\n",
                "x.yaml:7: this can never hold: its opposite"
            ),
            (
                head + "detect:\n  - score: 1\n    when:\n      - file: a\n      - file: a\n",
                "x.yaml:7: this stands here twice."
            ),
            (head + "ignore: [t]\ndetect: [{score: 1, when: [{glob: t/*.x}]}]\n", "x.yaml:4: 't/*.x' can never match"),
            (head + "detect: [{score: 1, when: [{needs: [a]}]}]\n", "x.yaml:3: this can never hold: the rule has no"),
            (
                head + "detect: [{score: 1, when: [{data: {file: a.json, path: b, except: [c]}}]}]\n",
                "x.yaml:3: 'except' has no effect on what is only 'present'"
            ),
            (
                head + "warn: [{when: [{file: a}], message: b, each: true}]\n",
                "x.yaml:3: 'each' needs a 'line' with 'as'"
            ),
            (head + "refuse: [{when: [{file: a}], message: b, each: true}]\n", "x.yaml:3:"),
            (head + "start: [{when: [{value: v}], command: a}]\n", "x.yaml:3: this can never hold: there is no 'v'"),
            (
                head + "steps:\n  - {name: build, command: a}\n  - {name: build, command: b}\n",
                "x.yaml:5: this is never reached: a step 'build'"
            ),
            (
                head + "dependencies:\n  - {files: [Dockerfile], unfolded: true}\n",
                "x.yaml:4: this takes nothing: instructions of a Dockerfile"
            ),
            (head + "dependencies: [{files: [a], like: [\"b *\"]}]\n", "x.yaml:3: 'b *' takes nothing of a line"),
            (head + "dependencies: [{files: [a], unless: [\"*.b\"]}]\n", "x.yaml:3: '*.b' never counts"),
            (head + "ignore: [t]\ndependencies: [{files: [t/*.b]}]\n", "x.yaml:4: 't/*.b' can never match"),
            (head + imports("b b=c"), "x.yaml:3: 'b=c' is no package, or its module stands there before."),
            (head + imports("b=c;d"), "x.yaml:3: 'c;d' is no name of a package."),
            (head + imports("b=-c"), "x.yaml:3: '-c' is no name of a package."),
            (
                head + "imports: {files: a, like: b, ending: .c, own: d, packages: e}\n",
                "x.yaml:3: 'b' takes nothing of a"
            ),
            ("extends: none\n" + head, "x.yaml:1: 'extends' must name a file: there is no _none.yaml"),
            (head + "versions: {node: {dialect: x}}\n", "x.yaml:3: 'dialect' must be one of npm"),
        ]
    )
    func mistakes(_ text: String, _ words: String) {
        let thrown = #expect(throws: BuildFailure.self) { try RuleSet(files: ["x.yaml": Array(text.utf8)]) }
        #expect(thrown?.message.hasPrefix(words) == true, "\(thrown?.message ?? "")")
        #expect(thrown?.fault == .platform)
        #expect(thrown?.code.rawValue == "invalid_rule")
    }

    @Test("the schemas know every key, and no other")
    func schemas() throws {
        for (name, keys) in [("rule", RuleReader.keys), ("slipway", AppSettings.keys)] {
            let schema = try JSONDocument.parse(try Files.read("\(root)/docs/\(name).schema.json"))
            #expect(Set(schema["properties"]?.object?.keys.map(\.self) ?? []) == Set(keys))
        }
    }

    @Test("a directory that is not there, and one without rules, are named")
    func directories() throws {
        let scratch = try Scratch()
        for path in [scratch("none"), scratch.path] {
            let thrown = #expect(throws: BuildFailure.self) { try RuleSet(directory: path) }
            #expect(thrown?.code == .notFound)
            #expect(thrown?.message.contains(path) == true)
        }
    }

    @Test(
        "patterns match paths",
        arguments: [
            ("*.py", "a.py", true), ("*.py", "d/a.py", false), ("*.py", ".py", true), ("*/*.py", "d/a.py", true),
            ("**/*.py", "a.py", true), ("**/*.py", "d/e/a.py", true), ("a/**/b", "a/b", true), ("a/**", "a/b/c", true),
            ("?.py", "ab.py", false), ("[a-c].py", "b.py", true), ("[!a-c].py", "b.py", false),
            ("[!a-c].py", "z.py", true),
            ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXcYb", false), ("**", "a/b", true), ("a", "A", false),
            ("[", "[", true),
        ]
    )
    func globs(_ pattern: String, _ path: String, _ expected: Bool) {
        #expect(GlobPattern(pattern).matches(path: path) == expected)
    }

    @Test(
        "patterns keep a part of a line",
        arguments: [
            ("<*> = X(*", "a.b = X()", "a.b"), ("<name> = X(*", "app = X()", "app"), ("<name> = X(*", "a.b = X()", nil),
            ("<name>*= X(*", "app: X = X()", "app"), ("<name>*= X(*", "# app = X()", nil),
            ("<name>*= X(*", "1a = X()", nil), ("x <name>", "x y1", "y1"), ("x <name>", "x", nil),
            ("of(<number>)*", "of(17))", "17"), ("of(<number>)*", "of(java)", nil), ("x", "x", nil),
        ] as [(String, String, String?)]
    )
    func holes(_ pattern: String, _ line: String, _ expected: String?) {
        let pattern = GlobPattern(pattern)
        let bytes = Array(line.utf8)
        let kept = pattern.matches(line: bytes) ? pattern.captured(in: bytes) : nil
        #expect(kept.map { String(decoding: $0, as: UTF8.self) } == expected)
    }

    @Test(
        "a line may go on in the next, has to stand at the margin, and does not count beside one that excludes its file",
        arguments: [
            ("x(\n  y\n)", "like: [\"x(y*\"]", false), ("x(\n  y\n)", "like: [\"x(y*\"], joined: true", true),
            ("  x = 1", "like: [\"x = *\"]", true), ("  x = 1", "like: [\"x = *\"], outermost: true", false),
            ("x = 1", "like: [\"x = *\"], outermost: true", true), ("x\n#no", "like: x, without: [\"#no\"]", false),
            ("x\n#yes", "like: x, without: [\"#no\"]", true),
        ]
    )
    func lines(_ text: String, _ keys: String, _ expected: Bool) throws {
        let rule = """
            language: x
            image: x:1
            detect: [{score: 1, when: [{line: {files: a, \(keys)}}]}]
            start: [{arguments: [x]}]

            """
        let rules = try RuleSet(files: ["x.yaml": Array(rule.utf8)])
        #expect(((try? rules.plan(tree: MemoryTree(["a": text]))) != nil) == expected)
    }

    @Test("a pattern with many stars is quick on any text")
    func stars() {
        let pattern = GlobPattern(String(repeating: "*a", count: 40) + "b")
        #expect(pattern.matches(line: [UInt8](repeating: 97, count: 100_000)) == false)
    }

    @Test("TOML is read with tables, dotted keys, arrays over lines, and lines")
    func toml() throws {
        let text = """
            # comment
            title = "a # b" # c
            [project]
            dependencies = [
              "flask>=2", # web
              'x',
            ]
            "quoted key".inner = 1
            [tool.poetry.dependencies]
            python = "^3.11"
            x = { version = "1", extras = ["a"] }
            [[bin]]
            name = "one"
            [[bin]]
            name = "two"
            text = \"\"\"
            [not a table]
            \"\"\"
            """
        let root = try TOMLNodes.parse(Array(text.utf8))
        #expect(root["title"]?.string == "a # b")
        #expect(root["project"]?["dependencies"]?.elements?.map(\.string) == ["flask>=2", "x"])
        #expect(root["project"]?.entries?.first?.line == 4)
        #expect(root["project"]?["quoted key"]?["inner"]?.string == "1")
        #expect(root["tool"]?["poetry"]?["dependencies"]?.entries?.map(\.key) == ["python", "x"])
        #expect(root["bin"]?.elements?.map { $0["name"]?.string } == ["one", "two"])
    }

    @Test("JSON is read as decoders read it, with lines")
    func json() throws {
        let text =
            "\u{FEFF}{\n \"a\": [1, -2.5e3, true, null],\r\n \"b\\u00e9\\ud83d\\ude00\\/\": {\"c\": \"d\\n\"}\n}\n"
        let root = try JSONNodes.parse(Array(text.utf8))
        #expect(root.json == ["a": [1, .number(-2500), true, nil], "bé😀/": ["c": "d\n"]])
        #expect(root.entries?.map(\.line) == [2, 3])
    }

    @Test(
        "what is no JSON is refused",
        arguments: [
            "", "{", "{\"a\"}", "{\"a\":1,}", "[1 2]", "nul", "'a'", "{\"a\":1} x", "\"\\q\"", "\"\\ud800\"", "01x",
            "\"a",
        ]
    )
    func brokenJSON(_ text: String) {
        #expect(throws: JSONNodes.Problem.self) { try JSONNodes.parse(Array(text.utf8)) }
    }
}
