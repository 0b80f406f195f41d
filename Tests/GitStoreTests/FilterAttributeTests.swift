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
        attributes.add(Array(text.utf8), in: [])
        attributes.add(Array(nested.utf8), in: Array("dir/sub".utf8))
        let input = Array(Self.paths.map { "\($0)\0" }.joined().utf8)
        let result = try await repository.git("check-attr", "-z", "--stdin", "filter", input: input)
        let words = result.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        for (number, path) in Self.paths.enumerated() {
            let value = words[number * 3 + 2]
            #expect(attributes.isLarge(Array(path.utf8), {}) == (value == "lfs"), "\(path): git says \(value)")
        }
    }

    @Test("patterns that are made to take for ever do not")
    func hostile() {
        var attributes = FilterAttributes()
        let stars = String(repeating: "**/a*a*a*/", count: 100)
        attributes.add(Array("\(stars)b filter=lfs\n\(String(repeating: "*a", count: 500))b filter=lfs".utf8), in: [])
        let path = Array((String(repeating: String(repeating: "a", count: 100) + "/", count: 39) + "c").utf8)
        #expect(!attributes.isLarge(path, {}))
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
