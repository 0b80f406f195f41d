import BuildModel
import TestSupport
import Testing

@testable import ImageBuild

/// What a tree keeps out of its image.
@Suite struct IgnoreRulesTests {
    private static let paths = [
        "README.md", "a.log", "build", "build/keep", "build/x", "docs", "docs/a.md", "docs/deep", "docs/deep/b.md",
        "node_modules", "node_modules/m", "src", "src/a.log", "src/build", "src/build/y", "src/main.py",
    ]
    private static let directories: Set<String> = ["build", "docs", "docs/deep", "node_modules", "src", "src/build"]

    struct Case: Sendable, CustomTestStringConvertible {
        var rules: String
        var out: Set<String>
        var testDescription: String { rules.debugDescription }
    }

    static let cases = [
        Case(rules: "", out: []),
        Case(rules: "# docs\n\n   \n", out: []),
        Case(rules: "node_modules\n", out: ["node_modules", "node_modules/m"]),
        Case(rules: "/node_modules/\r\n", out: ["node_modules", "node_modules/m"]),
        Case(rules: "\u{feff}./docs/deep", out: ["docs/deep", "docs/deep/b.md"]),
        Case(rules: "*.log", out: ["a.log"]),
        Case(rules: "**/*.log", out: ["a.log", "src/a.log"]),
        Case(rules: "*/*.log", out: ["src/a.log"]),
        Case(rules: "**/build", out: ["build", "build/keep", "build/x", "src/build", "src/build/y"]),
        Case(rules: "build/**", out: ["build/keep", "build/x"]),
        Case(rules: "build\n!build/keep", out: ["build/x"]),
        Case(rules: "!build/keep\nbuild", out: ["build", "build/keep", "build/x"]),
        Case(
            rules: "*\n!src/main.py",
            out: Set(paths).subtracting(["src", "src/main.py"])
        ),
        Case(rules: "docs/**/*.md", out: ["docs/a.md", "docs/deep/b.md"]),
        Case(rules: "[a-c].log\nREADM?.md", out: ["a.log", "README.md"]),
        Case(rules: "[^a].log\n\\*.log\nsrc/..\n..", out: []),
        Case(rules: "s?c/m[!b]in.*", out: ["src/main.py"]),
        Case(rules: "[unclosed\n[]", out: []),
    ]

    private func layer(_ rules: String, named name: String = ".dockerignore") throws -> Layer {
        let items = Self.paths.map { Self.directories.contains($0) ? InMemoryTree.Item.directory($0) : .file($0) }
        return try LayerFixture.layer([.file(name, rules)] + items)
    }

    @Test("patterns keep out what they say", arguments: cases)
    func patterns(_ testCase: Case) async throws {
        let names = try await LayerFixture.names(in: try layer(testCase.rules)).map { name in
            String(name.dropFirst(4)).split(separator: "/").joined(separator: "/")
        }
        let kept = Set(names).subtracting(["", ".dockerignore"])
        #expect(kept == Set(Self.paths).subtracting(testCase.out))
        #expect(names.count == Set(names).count)
    }

    @Test("a .slipwayignore takes the place of a .dockerignore")
    func precedence() async throws {
        let items: [InMemoryTree.Item] = [
            .file(".dockerignore", "b"), .file(".slipwayignore", "a"), .file("a"), .file("b"),
        ]
        let names = try await LayerFixture.names(in: try LayerFixture.layer(items))
        #expect(names == ["app/", "app/.dockerignore", "app/.slipwayignore", "app/b"])
    }

    @Test("a directory that is let in for one file comes before it, once")
    func parents() async throws {
        let items: [InMemoryTree.Item] = [
            .file(".slipwayignore", "*\n!a/b/c"), .directory("a"), .directory("a/b"), .file("a/b/c"), .file("a/b/d"),
            .directory("e"), .file("e/c"),
        ]
        #expect(
            try await LayerFixture.names(in: try LayerFixture.layer(items)) == [
                "app/", "app/a/", "app/a/b/", "app/a/b/c",
            ]
        )
    }

    @Test("what is kept out may be a submodule")
    func unread() async throws {
        let items: [InMemoryTree.Item] = [
            .file(".slipwayignore", "vendor"), .directory("vendor"),
            .init(kind: .submodule, path: Array("vendor/lib".utf8)),
        ]
        let layer = try LayerFixture.layer(items)
        #expect(try await LayerFixture.names(in: layer) == ["app/", "app/.slipwayignore"])
    }

    @Test("patterns made to be slow are not", .timeLimit(.minutes(5)))
    func hostile() throws {
        let name = String(repeating: "a", count: 250)
        let stars = String(repeating: "a*", count: 120) + "b"
        let depths = String(repeating: "**/", count: 400) + "b"
        let rules = [String](repeating: stars, count: 100) + [String](repeating: depths, count: 20)
        _ = try LayerFixture.layer(
            [.file(".dockerignore", rules.joined(separator: "\n"))] + (0..<20).map { .file("\(name)\($0)") }
        )
    }

    @Test("repeated ** cost no more than one", .timeLimit(.minutes(5)))
    func repeated() throws {
        let depths = [String](repeating: String(repeating: "**/", count: 1300) + "b", count: 60)
        let files = (0..<3000).map { InMemoryTree.Item.file("f\($0)") }
        let layer = try LayerFixture.layer([.file(".dockerignore", depths.joined(separator: "\n"))] + files)
        #expect(layer.tarSize > 3000 * 512)
    }

    @Test("a pattern that is longer than any path is refused, and the file is named")
    func tooLong() {
        let error = #expect(throws: BuildFailure.self) { try layer(String(repeating: "**/", count: 87_000)) }
        #expect(error?.code == .limitExceeded && error?.fault == .code)
        #expect(error?.message.contains("'.dockerignore' has a pattern of 261000 bytes") == true)
    }

    @Test("matching ends between patterns when it is told to")
    func cancelled() throws {
        let rules = try IgnoreRules(parsing: Array("a\nb\nc\n".utf8), name: ".dockerignore")
        var count = 0
        #expect(throws: CancellationError.self) {
            try rules.keepsOut(Array("x".utf8)) {
                count += 1
                if count == 2 { throw CancellationError() }
            }
        }
        #expect(count == 2)
    }

    @Test("thousands of patterns are refused, and the file is named")
    func tooMany() {
        let rules = String(repeating: "x\n", count: 2001)
        let error = #expect(throws: BuildFailure.self) { try layer(rules) }
        #expect(error?.code == .limitExceeded && error?.fault == .code)
        #expect(error?.message.contains(".dockerignore") == true)
    }

    @Test("directories that are kept out with all in them are told, and none where something may be let back in")
    func keptOutDirectories() throws {
        func left(_ rules: String) throws -> Set<String> {
            let tree = InMemoryTree(items: [.file(".dockerignore", rules), .file("var/log/a"), .file("var/tmp/x/b")])
            return try LayerWriter.keptOut(["var/log", "var/tmp", "var/tmp/x"], of: tree)
        }
        #expect(try left("var/tmp\n") == ["var/tmp", "var/tmp/x"])
        #expect(try left("**/*.log\nvar/log\n") == ["var/log"])
        #expect(try left("var/tmp\n!var/tmp/x\n").isEmpty)
        #expect(try left("").isEmpty)
    }
}
