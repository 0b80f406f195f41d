import BuildModel
import Documents
import Platform
import Testing

@testable import Buildpacks

/// A place of a rule or of `slipway.yaml`, written with a key that nobody knows, and where the schema has the same place.
struct KeyPlace: Sendable, CustomTestStringConvertible {
    var schema = "rule"
    var path: [String]
    var text: String

    var testDescription: String { "\(schema): \(path.joined(separator: "."))" }

    static let all: [KeyPlace] = [
        KeyPlace(path: ["dependencies"], text: "dependencies: [{zzz: 1}]"),
        KeyPlace(path: ["values"], text: "values: {a: [{zzz: 1}]}"),
        KeyPlace(path: ["versions"], text: "versions: {node: {zzz: 1}}"),
        KeyPlace(path: ["detect"], text: "detect: [{zzz: 1}]"),
        KeyPlace(path: ["framework"], text: "framework: [{zzz: 1}]"),
        KeyPlace(path: ["refuse"], text: "refuse: [{zzz: 1}]"),
        KeyPlace(path: ["start"], text: "start: [{zzz: 1}]"),
        KeyPlace(path: ["health"], text: "health: [{zzz: 1}]"),
        KeyPlace(path: ["files"], text: "files: [{zzz: 1}]"),
        KeyPlace(path: ["steps"], text: "steps: [{zzz: 1}]"),
        KeyPlace(path: ["steps", "outputs"], text: "steps: [{name: build, command: x, outputs: [{zzz: 1}]}]"),
        KeyPlace(path: ["steps", "caches"], text: "steps: [{name: build, command: x, caches: [{zzz: 1}]}]"),
        KeyPlace(path: ["steps", "limits"], text: "steps: [{name: build, command: x, limits: {zzz: 1}}]"),
        KeyPlace(path: ["$predicate"], text: "detect: [{score: 1, when: [{zzz: 1}]}]"),
        KeyPlace(path: ["$predicate", "data"], text: "detect: [{score: 1, when: [{data: {zzz: 1}}]}]"),
        KeyPlace(path: ["$predicate", "line"], text: "detect: [{score: 1, when: [{line: {zzz: 1}}]}]"),
        KeyPlace(schema: "slipway", path: ["steps"], text: "steps: {a: {zzz: 1}}"),
        KeyPlace(schema: "slipway", path: ["steps", "caches"], text: "steps: {a: {caches: [{zzz: 1}]}}"),
        KeyPlace(schema: "slipway", path: ["steps", "limits"], text: "steps: {a: {limits: {zzz: 1}}}"),
    ]
}

@Suite("What schemas and decoders know")
struct SchemaTests {
    @Test("a schema knows the keys of every place that its decoder knows, and no other", arguments: KeyPlace.all)
    func places(_ place: KeyPlace) throws {
        let message = try #require(throws: BuildFailure.self) { try decode(place) }.message
        // The decoder names what it knows.
        let list = try #require(
            message.firstRange(of: "known here are ").map { message[$0.upperBound...] },
            "\(message)"
        )
        let known = list.dropLast().split(separator: ",").map { $0.drop { $0 == " " } }.map(String.init)
        let schema = try JSONDocument.parse(try Files.read("\(root)/docs/\(place.schema).schema.json"))
        let properties = try #require(Self.properties(schema, place.path))
        #expect(Set(properties.object?.keys.map(\.self) ?? []) == Set(known))
    }

    private func decode(_ place: KeyPlace) throws {
        guard place.schema == "rule" else {
            _ = try shippedRules().plan(tree: MemoryTree(["main.py": "", "slipway.yaml": place.text + "\n"]))
            return
        }
        let text = "language: x\nimage: x:1\n\(place.text)\n"
        _ = try RuleSet(files: ["x.yaml": Array(text.utf8)])
    }

    private static func properties(_ schema: JSONValue, _ path: [String]) -> JSONValue? {
        var node = schema
        for name in path {
            let start = name == "$predicate" ? schema["$defs"]?["predicate"] : node["properties"]?[name]
            guard let next = start.flatMap(object) else { return nil }
            node = next
        }
        return node["properties"]
    }

    /// The first map with named members below a schema, itself included.
    private static func object(_ node: JSONValue) -> JSONValue? {
        if node["properties"] != nil { return node }
        for name in ["items", "additionalProperties", "oneOf", "anyOf"] {
            for part in node[name].map({ $0.array ?? [$0] }) ?? [] {
                if let found = object(part) { return found }
            }
        }
        return nil
    }
}
