import BuildModel
import TestSupport
import Testing

@testable import GitStore

@Suite("Which files are in Git LFS")
struct FilterAttributeTests {
    private static let paths = [
        "a.bin", "b.BIN", "dir/a.bin", "dir/sub/a.bin", "dir/sub/deep/x y.bin", "dir/b.txt", "media/film.mov",
        "media/.hidden",
        "other/media/film.mov", "dir/q\"uote.bin", "[x].bin", "x/y/z/end", "é.bin",
        "]a.bin", "!.bin", "-.bin", "\\a.bin", "da.bin", "dxx/y/a.bin", "dir/a/a.bin", "a/b.bin", "1.bin", "[a-",
        "a.bin\\",
    ]

    @Test(
        "is what git itself says",
        arguments: [
            "*.bin filter=lfs -text",
            "*.bin filter=lfs\na.bin -filter",
            "a.bin filter=lfs\n*.bin !filter\n",
            "/a.bin filter=lfs\ndir/*.bin filter=lfs",
            "dir/** filter=lfs",
            "dir/**/*.bin filter=lfs\n**/deep/* filter=other",
            "**/media/* filter=lfs",
            "media/ filter=lfs\nmedia filter=lfs",
            "[attr]big filter=lfs diff=lfs -text\n*.bin big\ndir/a.bin -big\ndir/sub/a.bin -filter",
            "[attr]one two\n[attr]two filter=lfs\n*.mov one",
            "\"dir/sub/deep/x y.bin\" filter=lfs\n\"dir/q\\\"uote.bin\" filter=lfs\n\"\\303\\251.bin\" filter=lfs",
            "# *.bin filter=lfs\n  *.txt\tfilter=lfs\r\n",
            "!*.bin filter=lfs\n\\[x].bin filter=lfs",
            "[ab].bin filter=lfs\n[!a]*.txt filter=lfs\n?.bin filter=lfs",
            "x/**/end filter=lfs\nx/*/end -filter",
            "* filter=lfs\n*.bin filter\n*.mov filter=",
            "*.bin -text filter=lfs -filter\n*.txt filter=lfs filter=other",
            "*.bin filter=lfs a/b\n*.mov filter=lfs\n*.txt -filter=lfs\n[attr]a/b filter=lfs\n[attr] filter=lfs",
            "\u{feff}*.bin filter=lfs\n\u{feff}*.mov filter=lfs", "* \(String(repeating: "a", count: 2034)) filter=lfs",
            "*.bin a\(String(repeating: " a", count: 1015)) filter=lfs\n*.mov filter=lfs",
        ]
    )
    func asGit(text: String) async throws {
        let scratch = try Scratch()
        let repository = try await GitRepository(at: scratch("r"))
        // A file further in, which has the last word.
        let nested = "*.bin filter=lfs\n[attr]none filter=lfs\n*.txt none\n"
        try scratch.write(text, to: "r/.gitattributes")
        try scratch.write(nested, to: "r/dir/sub/.gitattributes")
        var attributes = FilterAttributes()
        try attributes.add(Array(text.utf8), in: [])
        try attributes.add(Array(nested.utf8), in: Array("dir/sub".utf8))
        let input = Array(Self.paths.map { "\($0)\0" }.joined().utf8)
        let result = try await repository.git("check-attr", "-z", "--stdin", "filter", input: input)
        let words = result.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        for (number, path) in Self.paths.enumerated() {
            let value = words[number * 3 + 2]
            #expect(attributes.isLarge(Array(path.utf8), {}) == (value == "lfs"), "\(path): git says \(value)")
        }
    }

    @Test("patterns that are made to take for ever do not")
    func hostile() throws {
        var attributes = FilterAttributes()
        let stars = String(repeating: "**/a*a*a*/", count: 100)
        try attributes.add(
            Array("\(stars)b filter=lfs\n\(String(repeating: "*a", count: 500))b filter=lfs".utf8),
            in: []
        )
        let path = Array((String(repeating: String(repeating: "a", count: 100) + "/", count: 39) + "c").utf8)
        #expect(!attributes.isLarge(path, {}))
    }

    @Test(
        "each pattern means what it means to git",
        arguments: [
            "./a.bin", "x/../a.bin", "d//a.bin", "dir/../a.bin", "dir/.", "/", "//a.bin", "**a.bin", "dir/**a.bin",
            "dir**/a.bin",
            "d**/a.bin", "**/a.bin", "**/**/a.bin", "dir/***/a.bin", "***", "**", "/**", "dir/**", "*/a.bin", "dir/*",
            "dir/*/**/*",
            "dir/**/sub/**", "d*r/**/a.bin", "*/**/a.bin", "**/sub/*.bin", "**/b", "*.b*n", "**/**/**/end",
            "x/**/**/end", "x/**\\/end",
            "[[:alpha:]].bin", "[[:digit:][:space:]].bin", "[![:alnum:]].bin", "[[:xyz:]a].bin", "[[:alpha].bin",
            "[[:].bin", "[:alpha:].bin",
            "[[:punct:]].bin", "[[:upper:]].bin", "[[:upper:]]*.BIN", "b.[[:upper:]][[:alpha:]]N",
            "a[.]bin", "[\\]a].bin", "[]a].bin", "[!]b].bin", "[^b].bin", "[^]].bin", "[\\a].bin", "[a-", "a.bin\\",
            "[z-a].bin", "[a-a-c].bin",
            "[-a].bin", "[a-].bin", "[!-a].bin", "[a\\-z].bin", "[ -\\a].bin", "[\\].bin", "[]-a].bin", "[]]a.bin",
            "\\a.bin", "\\\\a.bin", "\\[a-",
            "dir[/]a.bin", "dir?a.bin", "dir[!x]a.bin", "dir\\/a.bin", "d[i/]r/a.bin", "{a,b}.bin", "?.bin", "??.bin",
            "[é].bin", "*", "*a", "*n*",
        ]
    )
    func patterns(pattern: String) async throws { try await asGit(text: "\(pattern) filter=lfs\n") }

    @Test("macros may name one another in a long chain; more than any project needs are refused")
    func macros() throws {
        func attributes(_ count: Int) throws -> FilterAttributes {
            let chain = (1..<count).map { "[attr]m\($0) m\($0 + 1)\n" }.joined()
            var attributes = FilterAttributes()
            try attributes.add(Array("\(chain)[attr]m\(count) filter=lfs\n* m1\n".utf8), in: [])
            return attributes
        }
        #expect(try attributes(FilterAttributes.maximumMacros).isLarge(Array("a".utf8), {}))
        for count in [FilterAttributes.maximumMacros + 1, 20_000] {
            let failure = #expect(throws: BuildFailure.self) { _ = try attributes(count) }
            #expect(failure?.code == .limitExceeded)
            #expect(failure?.message.contains("macros") == true)
        }
    }

    @Test("macros that name themselves, or each other often, end")
    func cycles() throws {
        let names = (1...300).map { "m\($0)" }.joined(separator: " ")
        let lines = (1...300).map { "[attr]m\($0) \(names)\n" }.joined()
        var attributes = FilterAttributes()
        try attributes.add(Array("\(lines)[attr]self self filter=lfs\n*.x self\n*.y m1\n".utf8), in: [])
        var steps = 0
        #expect(attributes.isLarge(Array("a.x".utf8)) { steps += 1 })
        #expect(!attributes.isLarge(Array("a.y".utf8)) { steps += 1 })
        #expect(steps < 300 * 301 + 10)
    }

    @Test("lines that concern no filter cost nothing; of those that do, no more are kept than any project needs")
    func memory() throws {
        var attributes = FilterAttributes()
        let others = Array(String(repeating: "a text\n", count: 30_000).utf8)
        for number in 0..<20 { try attributes.add(others, in: Array("d\(number)".utf8)) }
        let filters = Array(String(repeating: "a filter\n", count: 10_000).utf8)
        let failure = #expect(throws: BuildFailure.self) {
            for number in 0..<3 { try attributes.add(filters, in: Array("d\(number)".utf8)) }
        }
        #expect(failure?.code == .limitExceeded)
        #expect(!attributes.namesLargeFiles)
    }

    @Test("reading ends where it is told to")
    func cancelled() {
        var attributes = FilterAttributes()
        var lines = 0
        #expect(throws: CancellationError.self) {
            try attributes.add(Array(String(repeating: "a b\n", count: 1000).utf8), in: Array("d".utf8)) {
                lines += 1
                if lines == 10 { throw CancellationError() }
            }
        }
        #expect(lines == 10)
    }

    @Test(
        "a pointer is what git-lfs takes for one",
        arguments: [
            ("version https://git-lfs.github.com/spec/v1\noid sha256:\(digits)\nsize 12345\n", 12345),
            ("version https://hawser.github.com/spec/v1\noid sha256:\(digits)\nsize 0", 0),
            ("version https://git-lfs.github.com/spec/v1\r\noid sha256:\(digits)\r\nsize 1\r\n", 1),
            ("version https://git-lfs.github.com/spec/v1\noid sha1:\(digits)\nsize 1\n", nil),
            ("version https://git-lfs.github.com/spec/v1\noid sha256:\(digits)\nsize -1\n", nil),
            ("version https://git-lfs.github.com/spec/v1\nsize 1\noid sha256:\(digits)\n", nil),
            ("version https://git-lfs.github.com/spec/v9\noid sha256:\(digits)\nsize 1\n", nil),
            ("oid sha256:\(digits)\nsize 1\n", nil), ("", nil), ("version", nil),
        ] as [(String, Int64?)]
    )
    func pointer(text: String, size: Int64?) {
        #expect(LargeFilePointer(Array(text.utf8))?.size == size)
    }

    private static let digits = String(repeating: "4d", count: 32)

    @Test("one that an extension has changed is told apart")
    func extended() throws {
        let text =
            "version https://git-lfs.github.com/spec/v1\next-0-x sha256:\(Self.digits)\noid sha256:\(Self.digits)\nsize 1\n"
        let pointer = try #require(LargeFilePointer(Array(text.utf8)))
        #expect(pointer.hasExtensions)
        var budget = LargeFileBudget(bytes: 100)
        #expect(throws: BuildFailure.self) { try budget.take([LargeFile(path: [], pointer: pointer)], limit: 100) }
    }
}
