import BuildModel
import Platform
import TestSupport
import Testing

@testable import Buildpacks

@Suite("Defaults of the shipped version index")
struct DefaultVersionTests {
    private static func tools() throws -> [String: ToolReleases] {
        try VersionIndex(files: RuleFiles(directory: "\(root)/buildpacks").versions).tools
    }

    @Test("are the newest release of their cycle, which is what tests take them for too")
    func newest() throws {
        for (tool, releases) in try Self.tools() {
            #expect(releases.cycle(of: releases.standard)?.versions.first == releases.standard, "\(tool)")
            #expect(try Checkout.standardVersion(of: tool) == releases.standard.description)
        }
    }

    @Test("are what images of a tool have that a rule names by itself")
    func images() throws {
        let tools = try Self.tools()
        let rules = try Directories.list("\(root)/buildpacks").filter { $0.hasSuffix(".yaml") }
        var named = 0
        for rule in rules {
            let text = String(decoding: try Files.read("\(root)/buildpacks/\(rule)"), as: UTF8.self)
            for match in text.matches(of: #/docker\.io/library/([a-z]+):([0-9]+\.[0-9.]+)/#) {
                guard let tool = tools[String(match.1)] else { continue }
                named += 1
                #expect(tool.standard.description == match.2, "\(rule) has \(match.0)")
            }
        }
        #expect(named > 3, "the images are written in another way now")
    }

    @Test(
        "where only the newest release is mended, are that one, and one that an app names is taken without a word",
        arguments: [
            ("rust", "1.80", "1.80.1"), ("swift", "5.10", "5.10.1"), ("dart", "3.4", "3.4.4"),
            ("crystal", "1.13", "1.13.3"), ("bun", "1.1", "1.1.45"), ("deno", "2.2", "2.2.12"),
        ]
    )
    func rolling(_ tool: String, _ text: String, _ expected: String) throws {
        let index = try VersionIndex(files: RuleFiles(directory: "\(root)/buildpacks").versions)
        #expect(try index.resolve(tool, today: "2026-11-27").version == index.tools[tool]?.versions.first)
        let request = VersionRequest(text, .prefix, source: "test")
        let named = try index.resolve(tool, request: request, today: "2026-11-27")
        #expect(named.version.description == expected)
        #expect(named.warnings.isEmpty, "\(named.warnings)")
    }

    @Test(
        "stay away from what has ended by a policy that is public, of which an app that names it is told",
        arguments: [
            ("elixir", "1.15", "2026-06-03"), ("erlang", "26", "2026-05-13"), ("java", "26", "2026-09-30"),
            ("ruby", "3.2", "2026-03-31"),
        ]
    )
    func ended(_ tool: String, _ text: String, _ end: String) throws {
        let index = try VersionIndex(files: RuleFiles(directory: "\(root)/buildpacks").versions)
        #expect(try index.resolve(tool, today: "2026-11-27").warnings.isEmpty)
        let request = VersionRequest(text, .prefix, source: "test")
        let warnings = try index.resolve(tool, request: request, today: "2026-11-27").warnings
        #expect(warnings.count == 1 && warnings[0].hasSuffix("has had no fixes since \(end); move to a newer version."))
    }
}
