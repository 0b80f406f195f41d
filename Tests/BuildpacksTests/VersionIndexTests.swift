import BuildModel
import Platform
import TestSupport
import Testing

@testable import Buildpacks

@Suite("Versions are resolved against the index")
struct VersionIndexTests {
    private static let directory =
        #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/buildpacks/versions"

    private static let node = """
        tool: node
        updated: 2025-10-31
        default: 20.19.2
        aliases: {"lts/*": "22", lts/iron: "20"}
        cycles:
          - {cycle: "23", endOfLife: 2025-06-01, versions: [23.0.0..2]}
          - {cycle: "22", endOfLife: 2027-04-30, versions: [22.1.0, 22.4.0..1]}
          - {cycle: "20", endOfLife: 2026-04-30, versions: [20.19.0..5]}
          - {cycle: "16", endOfLife: 2023-09-11, versions: [16.20.2]}
        """

    private func index(_ text: String = node) throws -> VersionIndex {
        try VersionIndex(files: ["node.yaml": Array(text.utf8)])
    }

    @Test(
        "the version that is taken is the default, else the nearest supported one, else the one that was mended the longest",
        arguments: [
            ("", "20.19.2"), ("*", "20.19.2"), (">=18", "20.19.2"), ("^20.1", "20.19.2"), ("20.19.5", "20.19.5"),
            ("^22", "22.4.1"),
            ("22.1.x", "22.1.0"), (">20.19.4 <24", "20.19.5"), (">=22.2 <24", "22.4.1"), ("lts/*", "22.4.1"),
            ("lts/iron", "20.19.2"),
            ("latest", "23.0.2"),
            ("<=16", "16.20.2"), ("^16 || ^23", "23.0.2"), ("22.9.9", "22.9.9"), ("24.0.1", "24.0.1"),
        ]
    )
    func choice(_ text: String, _ expected: String) throws {
        let resolved = try index().resolve("node", request: VersionRequest(text, .npm, source: "package.json"))
        #expect(resolved.version.description == expected)
    }

    @Test("a pin stays while it is among what is asked for")
    func pin() throws {
        let request = VersionRequest("^22", .npm, source: "package.json: engines.node")
        let pinned = try index().resolve("node", request: request, pinned: Version("22.1.0"))
        #expect(pinned.version == Version("22.1.0"))
        #expect(pinned.source == "pin")
        let moved = try index().resolve("node", request: request, pinned: Version("20.19.2"))
        #expect(moved.version == Version("22.4.1"))
        #expect(moved.source == "package.json: engines.node")
    }

    @Test("what is out of support is taken with a warning that says since when")
    func endOfLife() throws {
        let resolved = try index().resolve("node", request: VersionRequest("16", .prefix, source: ".nvmrc"))
        #expect(resolved.endOfLife == "2023-09-11")
        #expect(
            resolved.warnings == [".nvmrc: node 16.20.2 has had no fixes since 2023-09-11; move to a newer version."]
        )
        #expect(try index().resolve("node").warnings.isEmpty)
    }

    @Test(
        "a range that begins where the index ends is taken by its first version, and says so",
        arguments: [
            (">=22.9 <23", "22.9.0"), ("^24", "24.0.0"), (">=23.4.1", "23.4.1"), ("^18 || ^24.2", "24.2.0"),
            ("26", "26.0.0"),
        ]
    )
    func beyond(_ text: String, _ expected: String) throws {
        let resolved = try index().resolve("node", request: VersionRequest(text, .npm, source: "package.json"))
        #expect(resolved.version.description == expected)
        #expect(
            resolved.warnings.first == "package.json: \(expected) is not in the version index and is taken as written."
        )
    }

    @Test("a go line that is older than what there is, is what any later Go builds")
    func oldGo() throws {
        let index = try VersionIndex(files: RuleFiles(directory: "\(Self.directory)/..").versions)
        let request = VersionRequest("1.11", .go, source: "go.mod:3")
        let resolved = try index.resolve("go", request: request)
        #expect(resolved.version == index.tools["go"]?.standard)
        #expect(resolved.warnings.first?.hasPrefix("go.mod:3: go 1.11 is older than what there is") == true)
        #expect(throws: BuildFailure.self) {
            try index.resolve("go", request: VersionRequest("1.11", .prefix, source: ".go-version"))
        }
    }

    @Test("a version of which the index knows nothing is taken as written only if it is whole, and says so")
    func asWritten() throws {
        let resolved = try index().resolve("node", request: VersionRequest("v22.99.0", .prefix, source: ".nvmrc"))
        #expect(resolved.version.description == "22.99.0")
        #expect(resolved.warnings.first?.contains("not in the version index") == true)
    }

    @Test(
        "what cannot be had is the code's failure, which names place, text and what there is",
        arguments: [
            ("99", "version_not_available"), (">=30 <40", "version_not_available"), ("17.0.1", "version_not_available"),
            ("abc", "invalid_version"),
        ]
    )
    func unavailable(_ text: String, _ code: String) throws {
        let error = try #require(throws: BuildFailure.self) {
            try index().resolve("node", request: VersionRequest(text, .npm, source: "package.json: engines.node"))
        }
        #expect(error.code.rawValue == code)
        #expect(error.message.contains("package.json: engines.node"))
        #expect(error.message.contains(text))
    }

    @Test(
        "a file of the index that is wrong is refused with its line",
        arguments: [
            ("default: 20.19.2", "default: twenty", "node.yaml:3:"), ("20.19.0..5", "20.19.5..0", "node.yaml:8:"),
            ("updated: 2025-10-31", "updated: yesterday", "node.yaml:2:"),
            ("aliases:", "names:", "node.yaml:4: unknown key 'names'"),
            ("20.19.0..5", "20.19.0..99999999", "node.yaml:8:"),
        ]
    )
    func refused(_ part: String, _ replacement: String, _ message: String) throws {
        let pieces = Self.node.split(separator: part, maxSplits: 1, omittingEmptySubsequences: false)
        let error = try #require(throws: BuildFailure.self) { try index(pieces.joined(separator: replacement)) }
        #expect(error.message.contains(message))
    }

    @Test("every file of the shipped index can be read, and has its default among its versions")
    func shipped() throws {
        let index = try VersionIndex(files: RuleFiles(directory: "\(Self.directory)/..").versions)
        #expect(index.tools.count >= 12)
        for (tool, releases) in index.tools {
            #expect(releases.versions.contains(releases.standard), "\(tool) has no \(releases.standard)")
            #expect(try index.resolve(tool).version == releases.standard)
            for cycle in releases.cycles {
                for version in cycle.versions {
                    #expect(
                        releases.cycle(of: version)?.name == cycle.name,
                        "\(tool) \(version) is in cycle \(cycle.name)"
                    )
                }
            }
            for (alias, text) in releases.aliases {
                let resolved = try index.resolve(tool, request: VersionRequest(alias, .prefix, source: "test"))
                #expect(
                    resolved.warnings.allSatisfy { !$0.contains("not in the version index") },
                    "\(tool) \(alias): \(text)"
                )
            }
        }
    }

    @Test("the script that refreshes the index writes files that can be read")
    func script() async throws {
        let scratch = try Scratch()
        let published = """
            {"releases": {"3.13": {"name": "3.13", "eol": "2029-10-31", "lts": "2024-12-01"},
                          "3.14": {"name": "3.14", "eol": "2030-10-31", "lts": false},
                          "3.8": {"name": "3.8", "eol": "2024-10-07", "lts": true, "releaseDate": "2019-10-14"}},
             "versions": {"3.13.0": {"name": "3.13.0"}, "3.13.1": {"name": "3.13.1"}, "3.13.2": {"name": "3.13.2"},
                          "3.13.5": {"name": "3.13.5"}, "3.8.20": {"name": "3.8.20"}, "3.14.0": {"name": "3.14.0"},
                          "3.14.1rc1": {"name": "3.14.1rc1"}}}
            """
        try Files.writeAtomically(Array(published.utf8), to: "\(scratch.path)/python.json")
        let script = "\(Self.directory)/../../scripts/version-index"
        let words = ["python3", script, "--tool", "python", "--updated", "2025-10-31", "--alias", "stable=3.14"]
        let lists = "\(scratch.path)/python.json"
        let text = try await Command.output(words + [lists]).text
        let releases = try ToolReleases(Array(text.utf8), file: "python.yaml")
        #expect(releases.versions.map(\.description) == ["3.14.0", "3.13.5", "3.13.2", "3.13.1", "3.13.0", "3.8.20"])
        #expect(releases.cycles.map(\.endOfLife) == ["2030-10-31", "2029-10-31", "2024-10-07"])
        #expect(releases.cycles.map(\.longTerm) == [nil, "2024-12-01", "2019-10-14"])
        #expect(text.contains("3.13.0..2"))
        #expect(releases.aliases == ["stable": "3.14"])
        #expect(releases.standard.description == "3.13.5")
        let named = try await Command.output(words + ["--default", "3.13.2", lists]).text
        #expect(try ToolReleases(Array(named.utf8), file: "python.yaml").standard.description == "3.13.2")
        let kept = try await Command.output(words + ["--stands-in", "3.13=3.13.2", lists]).text
        let cycle = try #require(ToolReleases(Array(kept.utf8), file: "python.yaml").cycles.first { $0.name == "3.13" })
        #expect(cycle.standsIn)
        #expect(cycle.versions.map(\.description) == ["3.13.5", "3.13.2"])
    }
}
