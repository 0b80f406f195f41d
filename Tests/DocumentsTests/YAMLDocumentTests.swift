import BuildModel
import Documents
import Testing

@Suite("YAML")
struct YAMLDocumentTests {
    @Test("scalars follow the core schema: quoted text is always text, and yes is no boolean")
    func scalars() throws {
        let node = try YAMLDocument.parse(
            "a: 1\nb: '1'\nc: true\nd: \"true\"\ne: yes\nf: ~\ng:\nh: 1.5\ni: -3\nj: 1.2.3\nk: |\n  x\n  y\n",
            name: "t"
        )
        #expect(
            node.json == [
                "a": 1, "b": "1", "c": true, "d": "true", "e": "yes", "f": nil, "g": nil, "h": .number(1.5), "i": -3,
                "j": "1.2.3", "k": "x\ny\n",
            ]
        )
    }

    @Test("every node knows its line and column")
    func positions() throws {
        let node = try YAMLDocument.parse("# c\na:\n  - x\n  -   y\nb: z\n", name: "t")
        #expect(node.entries?.map(\.line) == [2, 5])
        let second = node["a"]?.elements?[1]
        #expect(second?.line == 4)
        #expect(second?.column == 7)
    }

    @Test("anchors and aliases are replaced by what they name")
    func aliases() throws {
        let node = try YAMLDocument.parse("a: &x [1, 2]\nb: *x\n", name: "t")
        #expect(node.json == ["a": [1, 2], "b": [1, 2]])
    }

    @Test(
        "what is wrong is said with file, line and column",
        arguments: [
            ("a: [1", "f.yaml:2:1:"), ("a: 1\na: 2", "f.yaml:2:1: the key 'a' is there twice"),
            ("a: *nope", "f.yaml:1:4: there is no anchor '&nope'"), ("a: 1\n---\nb: 2", "only one document"),
            ("[a]: 1", "a key must be plain text"), ("a: \u{1}", "f.yaml:"), ("\ta: 1", "f.yaml:1:1:"),
        ]
    )
    func complaints(text: String, expected: String) {
        let failure = #expect(throws: BuildFailure.self) { try YAMLDocument.parse(text, name: "f.yaml") }
        #expect(failure?.message.contains(expected) == true, "\(failure?.message ?? "")")
    }

    @Test("of several documents the first is taken where that is asked for, and what is behind it is not looked at")
    func first() throws {
        let text = "---\na: 1\n---\nb: [\n"
        #expect(try YAMLDocument.parseFirst(Array(text.utf8), name: "t").json == ["a": 1])
        #expect(try YAMLDocument.parseFirst([], name: "t").json == [:])
    }

    @Test("an alias bomb, deep nesting and an endless anchor end in an error, quickly")
    func bombs() {
        let laughs = (1...9).map {
            "l\($0): &l\($0) [" + Array(repeating: "*l\($0 - 1)", count: 9).joined(separator: ",") + "]"
        }
        let bomb = "l0: &l0 x\n" + laughs.joined(separator: "\n")
        #expect(throws: BuildFailure.self) { try YAMLDocument.parse(bomb, name: "t") }
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: BuildFailure.self) { try YAMLDocument.parse(deep, name: "t") }
        #expect(throws: BuildFailure.self) { try YAMLDocument.parse("a: &a [*a]", name: "t") }
    }

    @Test("an empty text is an empty mapping")
    func empty() throws {
        #expect(try YAMLDocument.parse("", name: "t").entries?.isEmpty == true)
        #expect(try YAMLDocument.parse("# only a comment\n", name: "t").entries?.isEmpty == true)
    }
}
