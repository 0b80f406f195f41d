import BuildModel
import Platform
import TestSupport
import Testing

@testable import Buildpacks

@Suite("Versions are chosen by what is supported on the day of the build")
struct VersionSupportTests {
    private static let node = """
        tool: node
        updated: 2025-10-31
        default: 20.19.2
        cycles:
          - {cycle: "25", endOfLife: 2026-06-01, versions: [25.1.0]}
          - {cycle: "24", endOfLife: 2028-04-30, longTerm: 2025-11-15, versions: [24.1.0..2]}
          - {cycle: "22", endOfLife: 2027-04-30, longTerm: 2024-10-29, versions: [22.4.0..1]}
          - {cycle: "21", endOfLife: 2024-06-01, versions: [21.7.3]}
          - {cycle: "20", endOfLife: 2026-04-30, longTerm: 2023-10-24, versions: [20.19.0..5]}
          - {cycle: "18", endOfLife: 2025-04-30, longTerm: 2022-10-25, versions: [18.20.8]}
        """
    private static let go = """
        tool: go
        updated: 2026-08-31
        default: 1.26.1
        cycles:
          - {cycle: "1.27", versions: [1.27.0..1]}
          - {cycle: "1.26", versions: [1.26.0..1]}
          - {cycle: "1.25", endOfLife: 2026-08-19, versions: [1.25.0..9]}
          - {cycle: "1.24", endOfLife: 2026-02-11, versions: [1.24.0..9]}
        """

    private func resolve(_ tool: String, _ request: VersionRequest?, _ today: String) throws -> ResolvedVersion {
        let index = try VersionIndex(files: ["node.yaml": Array(Self.node.utf8), "go.yaml": Array(Self.go.utf8)])
        return try index.resolve(tool, request: request, today: today)
    }

    @Test(
        "the default while it is supported, then what is for the long term, then what is nearest to it, then what has ended",
        arguments: [
            ("", "2026-04-29", "20.19.2"), ("", "2026-04-30", "24.1.2"), (">=20 <=24.x.x", "2026-04-30", "24.1.2"),
            (">=20 <23", "2026-11-27", "22.4.1"), (">=25", "2026-05-31", "25.1.0"),
            // 24 becomes one for the long term; nothing is ever moved from a default that is supported.
            (">=24", "2025-11-14", "24.1.2"), (">24", "2025-11-14", "25.1.0"), (">=24", "2025-11-15", "24.1.2"),
            ("*", "2025-11-15", "20.19.2"),
            ("^20", "2026-11-27", "20.19.5"), ("<22", "2026-11-27", "20.19.5"), ("18 || 21", "2026-11-27", "18.20.8"),
            ("20.19.3", "2026-11-27", "20.19.3"), ("", "2028-04-30", "24.1.2"),
        ]
    )
    func choice(_ text: String, _ day: String, _ expected: String) throws {
        let request = text.isEmpty ? nil : VersionRequest(text, .npm, source: "package.json")
        let found = try resolve("node", request, day)
        #expect(found.version.description == expected)
        #expect(found.warnings.isEmpty == ((found.endOfLife ?? "9") > day), "\(found.warnings)")
    }

    @Test(
        "where all that the index knows has ended, it is the index that is old, and the warning says what refreshes it"
    )
    func oldIndex() throws {
        #expect(
            try resolve("node", nil, "2028-04-30").warnings == [
                "node 24.1.2 has had no fixes since 2028-04-30, and the version index of 2025-10-31 knows no node that "
                    + "has: the operator refreshes it with scripts/version-index."
            ]
        )
        let pinned = try resolve("node", VersionRequest("20.19.3", .npm, source: ".nvmrc"), "2026-11-27")
        #expect(
            pinned.warnings == [".nvmrc: node 20.19.3 has had no fixes since 2026-04-30; move to a newer version."]
        )
    }

    @Test(
        "a go line is the least that is needed: once its minor version has ended, one that is supported builds it",
        arguments: [
            ("1.24", "1.26.1", "2026-02-11"), ("1.25.4", "1.26.1", "2026-08-19"), ("1.26", "1.26.1", ""),
            ("1.27", "1.27.1", ""),
        ]
    )
    func goLine(_ text: String, _ expected: String, _ end: String) throws {
        let found = try resolve("go", VersionRequest(text, .go, source: "go.mod:3"), "2026-11-27")
        #expect(found.version.description == expected)
        let warning = "go.mod:3: go \(text) has had no fixes since \(end); 1.26.1 is taken, which builds it."
        #expect(found.warnings == (end.isEmpty ? [] : [warning]))
        let file = try resolve("go", VersionRequest("1.24.4", .prefix, source: ".go-version:1"), "2026-11-27")
        #expect(file.version.description == "1.24.4")
    }

    @Test("every default of the shipped index is supported on the day of its lists, for the long term where some are")
    func shipped() throws {
        let files = try RuleFiles(directory: "\(root)/buildpacks").versions
        for (tool, releases) in try VersionIndex(files: files).tools {
            let cycle = try #require(releases.cycle(of: releases.standard), "\(tool)")
            #expect(!releases.hasEnded(cycle, by: nil), "\(tool) ended on \(cycle.endOfLife ?? "")")
            let hasLasting = releases.cycles.contains { $0.longTerm != nil }
            #expect(!hasLasting || (cycle.longTerm.map { $0 <= releases.updated } ?? false), "\(tool)")
        }
    }

    @Test("on days on which the same versions are taken, steps are the same", arguments: try GoldenPlan.all())
    func days(_ golden: GoldenPlan) throws {
        let tree = try golden.tree()
        let rules = try shippedRules()
        let plans = try ["2026-11-27", "2026-12-31", "2027-04-30", "2029-12-31"].map { day in
            try rules.plan(tree: tree, options: PlanOptions(today: day))
        }
        for (plan, later) in zip(plans, plans.dropFirst()) {
            guard plan.versions == later.versions else { continue }
            #expect(plan.steps == later.steps && plan.runImage == later.runImage)
        }
    }

    @Test("an app that names nothing is moved by the end of its default alone, and one that names a version is not")
    func plans() throws {
        let files = try RuleFiles(directory: "\(root)/buildpacks").versions
        let node = try #require(try VersionIndex(files: files).tools["node"])
        let end = try #require(node.cycle(of: node.standard)?.endOfLife)
        let manifest = ["package.json": #"{"scripts": {"start": "node a.js"}}"#, "a.js": ""]
        let (before, after) = (PlanOptions(today: node.updated), PlanOptions(today: end))
        let plans = try [before, after].map { try plan(manifest, $0) }
        #expect(plans.map { $0.versions.first?.source } == ["default", "default"])
        #expect(plans[0].versions.first?.version == node.standard.description)
        #expect(plans[0].versions != plans[1].versions && plans[0].runImage != plans[1].runImage)
        let pinned = manifest.merging([".nvmrc": "\(node.standard)\n"]) { $1 }
        let named = try [before, after].map { try plan(pinned, $0) }
        #expect(named[0].runImage == named[1].runImage && named[0].versions == named[1].versions)
        #expect(named[0].warnings.count + 1 == named[1].warnings.count)
    }

    @Test(
        "a version in slipway.yaml or a variable is that version, also where manifests say the least that is needed",
        arguments: [
            ("go", "1.24.4", "1.24.4"), ("go", "1.23", "1.23.12"), ("rust", "1.85", "1.85.1"),
            ("rust", ">=1.84 , <1.85", "1.84.1"),
        ]
    )
    func named(_ tool: String, _ text: String, _ expected: String) throws {
        let files =
            tool == "go"
            ? ["go.mod": "module a\n\ngo 1.21\n", "main.go": "package main\n\nfunc main() {}\n"]
            : ["Cargo.toml": "[package]\nname = \"a\"\nversion = \"1.0.0\"\n", "src/main.rs": "fn main() {}\n"]
        let settings = ["slipway.yaml": "versions: {\(tool): \"\(text)\"}\n"]
        #expect(try plan(files.merging(settings) { $1 }).versions.map(\.version) == [expected])
        let variable = PlanOptions(environment: ["SLIPWAY_\(tool.uppercased())_VERSION": text])
        #expect(try plan(files, variable).versions.map(\.version) == [expected])
    }
}
