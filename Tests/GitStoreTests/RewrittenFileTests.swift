import BuildModel
import GitStore
import Platform
import TestSupport
import Testing

/// What has other contents than in an earlier tree, where nothing else differs.
@Suite("Files that were rewritten")
struct RewrittenFileTests {
    let fixture: GitFixture

    init() throws {
        fixture = try GitFixture()
    }

    /// A change of `sample`, as a shell makes it, and the files that it only rewrites; nil if it does something else.
    struct Change: Sendable, CustomTestStringConvertible {
        var name: String
        var command: String
        var files: [String]?

        var testDescription: String { name }
    }

    static let changes = [
        Change(name: "nothing", command: "true", files: []),
        Change(name: "a file at the top", command: "echo 2 > a", files: ["a"]),
        Change(name: "a file in a directory", command: "echo 2 > deep/er/b", files: ["deep/er/b"]),
        Change(
            name: "files here and there",
            command: "echo 2 > deep/a; echo 2 > deep/er/b; echo 2 > z",
            files: ["deep/a", "deep/er/b", "z"]
        ),
        Change(
            name: "a name with a byte that is no UTF-8",
            command: "echo 2 > deep/\"$(printf 'f\\377')\"",
            files: ["deep/f\u{FFFD}"]
        ),
        Change(name: "a file that may be run", command: "echo 2 > run.sh", files: ["run.sh"]),
        Change(name: "where a link leads", command: "ln -sfn z link", files: ["link"]),
        Change(name: "a file may be run now", command: "chmod +x a"),
        Change(name: "a file more", command: "echo 2 > deep/er/c"),
        Change(name: "a file more at the end", command: "echo 2 > zz"),
        Change(name: "a file less", command: "rm deep/er/b2"),
        Change(name: "the last file less", command: "rm z"),
        Change(name: "another name", command: "mv a b"),
        Change(name: "another name and another content", command: "rm a; echo 2 > b"),
        Change(name: "a link in a file's place", command: "rm a; ln -s z a"),
        Change(name: "a file in a link's place", command: "rm link; echo z > link"),
        Change(name: "a directory in a file's place", command: "rm a; mkdir a; echo 1 > a/a"),
        Change(name: "a file in a directory's place", command: "rm -r deep/er; echo 1 > deep/er"),
        Change(
            name: "another commit of a submodule",
            command: "git update-index --cacheinfo 160000,2234567890123456789012345678901234567890,module"
        ),
        Change(name: "a rewritten file and one more", command: "echo 2 > a; echo 2 > more"),
    ]

    @Test("files are named where nothing else differs, also in packs", arguments: changes, [false, true])
    func change(_ change: Change, isPacked: Bool) async throws {
        let repository = try await sample()
        let local = try await LocalRepository.open(repository.path)
        let before = try await local.revision()
        try await Command.output(["sh", "-ec", change.command], in: repository.path)
        // The place of a submodule that is not checked out would be gone by this.
        try await repository.git("add", "--all", "--", ":!module")
        try await repository.git("commit", "-q", "--allow-empty", "-m", change.name)
        if isPacked { try await repository.git("repack", "-adq") }
        let after = try await local.revision()
        #expect(try await files(of: local, after, since: before.tree)?.sorted() == change.files)
        #expect(try await files(of: local, before, since: after.tree)?.sorted() == change.files)
    }

    @Test("more than are asked for are too many")
    func limit() async throws {
        let repository = try await sample()
        let local = try await LocalRepository.open(repository.path)
        let before = try await local.revision()
        try await Command.output(["sh", "-ec", "for file in a z deep/a; do echo 2 > $file; done"], in: repository.path)
        try await repository.git("commit", "-q", "-m", "Three", "a", "z", "deep/a")
        let after = try await local.revision()
        #expect(try await files(of: local, after, since: before.tree, limit: 3)?.count == 3)
        #expect(try await files(of: local, after, since: before.tree, limit: 2) == nil)
    }

    @Test("a tree that is not here, or is none, is compared with nothing")
    func missing() async throws {
        let repository = try await sample()
        let local = try await LocalRepository.open(repository.path)
        let revision = try await local.revision()
        let blob = ObjectID(hex: try await repository.git("rev-parse", "HEAD:a"))
        let nowhere = ObjectID(bytes: [UInt8](repeating: 9, count: 20))
        for other in [nowhere, try #require(blob), revision.commit] {
            #expect(try await files(of: local, revision, since: other) == nil)
        }
    }

    @Test("trees that have one another's names without end take no time")
    func endless() async throws {
        let repository = try await fixture.repository()
        var ids: [String] = []
        for text in ["1", "2"] {
            var id = try await repository.git("hash-object", "-w", "--stdin", input: Array(text.utf8))
            var mode = "100644"
            for _ in 0..<40 {
                let kind = mode == "40000" ? "tree" : "blob"
                let lines = ["a", "b"].map { "\(mode) \(kind) \(id)\t\($0)\0" }.joined()
                id = try await repository.git("mktree", "-z", input: Array(lines.utf8))
                mode = "40000"
            }
            ids.append(try await repository.git("commit-tree", "-m", "Trees", id))
        }
        let local = try await LocalRepository.open(repository.path)
        let (before, after) = (try await local.revision(ids[0]), try await local.revision(ids[1]))
        #expect(try await files(of: local, after, since: before.tree, limit: .max) == nil)
    }

    private func files(
        of repository: LocalRepository,
        _ revision: Revision,
        since earlier: ObjectID,
        limit: Int = 100
    ) async throws -> [String]? {
        try await repository.withTree(of: revision) { tree in
            try tree.rewrittenFiles(since: earlier, limit: limit)?.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    private func sample() async throws -> GitRepository {
        let repository = try await fixture.repository()
        let script = """
            mkdir -p deep/er && echo 1 > deep/er/b && echo 1 > deep/er/b2 && echo 1 > deep/a && ln -s a link
            echo 1 > deep/"$(printf 'f\\377')" && echo 1 > run.sh && chmod +x run.sh
            """
        try await Command.output(["sh", "-ec", script], in: repository.path)
        let module = "1234567890123456789012345678901234567890"
        try await repository.git("update-index", "--add", "--cacheinfo", "160000,\(module),module")
        try await repository.git("add", "--all", "--", ":!module")
        for name in ["a", "z"] { try await Command.output(["sh", "-ec", "echo 1 > \(name)"], in: repository.path) }
        try await repository.git("add", "a", "z")
        try await repository.git("commit", "-q", "-m", "Sample")
        return repository
    }
}
