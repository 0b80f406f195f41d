import BuildModel
import Documents
import Platform
import TestSupport
import Testing

@testable import Settings

@Suite("The reference agrees with the table of keys")
struct SettingsReferenceTests {
    @Test("config/worker.yaml is what the table makes")
    func yaml() async throws {
        try await expectFile("config/worker.yaml", holds: SettingsReference.yaml)
    }

    @Test("config/worker.schema.json is what the table makes")
    func schema() async throws {
        try await expectFile("config/worker.schema.json", holds: SettingsReference.schema.prettyText + "\n")
    }

    @Test("the table of docs/configuration.md is what the table makes")
    func markdown() async throws {
        let text = String(decoding: try Files.read("\(root)/docs/configuration.md"), as: UTF8.self)
        let start = try #require(text.firstRange(of: "writes it anew -->\n\n"))
        let end = try #require(text.firstRange(of: "\n<!-- end of keys -->"))
        let whole = text[..<start.upperBound] + SettingsReference.markdown + text[end.lowerBound...]
        try await expectFile("docs/configuration.md", holds: String(whole))
    }

    @Test("config/worker.yaml as it is sets nothing and is accepted")
    func shipped() throws {
        let file = SettingsFile(path: "\(root)/config/worker.yaml")
        #expect(file.problems == [])
        #expect(file.settings.count == 0)
    }

    @Test("config/worker.yaml with every key uncommented has all keys, and their defaults are the table's")
    func uncommented() throws {
        let text = String(decoding: try Files.read("\(root)/config/worker.yaml"), as: UTF8.self)
        let live = text.replacing(#/(?m)^( *)#([a-z])/#) { "\($0.output.1)\($0.output.2)" }
        let values = SettingValues(file: SettingsFile(text: live, name: "worker.yaml"), environment: [:], flags: [:])
        #expect(values.problems == [])
        #expect(values.origins.keys.sorted() == SettingKey.all.map(\.path).sorted())
        #expect(values.origins.values.allSatisfy { $0 == .file("worker.yaml") })
        let defaults = SettingValues(file: nil, environment: [:], flags: [:]).values
        for (path, value) in defaults { #expect(values.values[path] == value, "\(path)") }
    }

    @Test(
        "every example and default is allowed, and a key without a default says what happens",
        arguments: SettingKey.all
    )
    func examples(_ key: SettingKey) throws {
        #expect(key.defaultText != nil || (key.example != nil && key.defaultSummary != nil))
        let text = try #require(key.defaultText ?? key.example)
        #expect(SettingsReference.decoded(key, text) != nil)
    }

    @Test("every key has its property in the schema", arguments: SettingKey.all)
    func properties(_ key: SettingKey) throws {
        let schema = try JSONDocument.parse(try Files.read("\(root)/config/worker.schema.json"))
        let properties = schema["properties"]
        let section = key.parts.section.isEmpty ? properties : properties?[key.parts.section]?["properties"]
        #expect(section?[key.parts.name]?["description"]?.string == key.summary)
    }

    /// Compares a file of the checkout with what it should hold, and shows a diff; rewrites it where that was asked for.
    private func expectFile(_ path: String, holds expected: String) async throws {
        let bytes = Array(expected.utf8)
        if SystemInformation.environment("SLIPWAY_REWRITE") != nil {
            try Files.writeAtomically(bytes, to: "\(root)/\(path)")
        }
        let words = ["diff", "-u", "\(root)/\(path)", "-"]
        let diff = try await Command.result(words, input: bytes)
        #expect(diff.text.isEmpty && diff.succeeded, "\(path) is not what the table makes; see docs/configuration.md")
    }
}
