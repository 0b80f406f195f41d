import BuildModel
import Testing

@testable import Buildpacks

@Suite("A predicate looks for what predicates before it found")
struct PredicateTemplateTests {
    /// Whether a rule with the predicates, of one flow list of YAML, is what the files are.
    private static func holds(_ when: String, _ files: [String: String]) throws -> Bool {
        let rule = """
            language: probe
            image: docker.io/library/debian:13
            values: {named: [{is: "{{of.text}}", when: [{line: {files: [name], like: ["<*>"]}, as: of}]}, none]}
            detect: [{score: 10, when: \(when)}]
            start: [{arguments: [a]}]
            """
        let rules = try RuleSet(files: ["probe.yaml": Array(rule.utf8)])
        do {
            _ = try rules.plan(tree: MemoryTree(files))
            return true
        } catch let failure as BuildFailure where failure.code.rawValue == "nothing_detected" {
            return false
        }
    }

    private static let found = "{line: {files: [main], like: [\"use <*>\"]}, as: used}"

    @Test(
        "in every kind of predicate",
        arguments: [
            ("{file: \"{{used.text}}.c\"}", ["x.c": ""]),
            ("{directory: \"{{used.text}}\"}", ["x/y": ""]),
            ("{glob: \"*/{{used.text}}.*\"}", ["a/x.c": ""]),
            ("{data: {file: a.json, path: [\"{{used.text}}\", y], is: present}}", ["a.json": "{\"x\": {\"y\": 1}}"]),
            ("{data: {file: a.json, path: y, like: [\"{{used.text}} *\"]}}", ["a.json": "{\"y\": \"x z\"}"]),
            ("{line: {files: [\"{{used.text}}.c\"], like: [\"int {{used.text}};\"]}}", ["x.c": "int x;"]),
            ("{line: {files: [a], like: [\"<*>\"], without: [\"{{used.text}}\"]}}", ["a": "y"]),
            ("{value: {name: named, is: \"{{used.text}}\"}}", ["name": "x"]),
            ("{any: [{file: none}, {file: \"{{used.text}}.c\"}]}", ["x.c": ""]),
            ("{all: [{file: main}, {not: {any: [{file: \"{{used.text}}.d\"}]}}]}", ["x.c": ""]),
        ]
    )
    func kinds(_ predicate: String, _ files: [String: String]) throws {
        let when = "[\(Self.found), \(predicate)]"
        #expect(try Self.holds(when, files.merging(["main": "use x"]) { _, new in new }))
        let other = predicate.contains("not:") ? ["main": "use x", "x.d": ""] : ["main": "use y"]
        #expect(try !Self.holds(when, files.merging(other) { _, new in new }))
    }

    @Test("a dotted path with a template is refused, as the name in it has a dot")
    func dotted() throws {
        let when = "[\(Self.found), {data: {file: a.json, path: \"{{used.text}}.y\"}}]"
        let thrown = try #require(throws: BuildFailure.self) { try Self.holds(when, [:]) }
        #expect(thrown.message.contains("probe.yaml:4") && thrown.message.contains("a list of keys"), "\(thrown)")
    }

    @Test("what is found inside any is known behind it")
    func any() throws {
        let when = "[{any: [{file: none, as: used}, {glob: \"*.c\", as: used}]}, {file: \"{{used.stem}}.h\"}]"
        #expect(try Self.holds(when, ["x.c": "", "x.h": ""]))
        #expect(try !Self.holds(when, ["x.c": "", "y.h": ""]))
    }

    @Test("what stands in a line means itself in the form of another", arguments: ["a*", "[a]", "<name>", "a?"])
    func escaped(_ text: String) throws {
        let when = "[\(Self.found), {line: {files: [other], like: [\"{{used.text}}\"]}}]"
        #expect(try Self.holds(when, ["main": "use \(text)", "other": text]))
        #expect(try !Self.holds(when, ["main": "use \(text)", "other": "ab"]))
        #expect(try !Self.holds(when, ["main": "use \(text)", "other": "a"]))
    }

    @Test("a list where a text of some form is looked for stands for its elements")
    func list() throws {
        let when = "[{data: {file: a.json, path: y, like: [\"x<*>\"]}, as: it}, {file: \"{{it}}\"}]"
        #expect(try Self.holds(when, ["a.json": "{\"y\": [\"z\", \"xb\"]}", "b": ""]))
        #expect(try !Self.holds(when, ["a.json": "{\"y\": [\"z\", {}]}", "b": ""]))
        #expect(try !Self.holds("[{data: {file: a.json, path: y, is: text}}]", ["a.json": "{\"y\": [\"z\"]}"]))
    }
}
