import BuildModel
import Platform
import TestSupport
import Testing

@testable import GitStore

/// What the last commits changed.
@Suite("History")
struct HistoryTests {
    let fixture: GitFixture

    init() throws {
        fixture = try GitFixture()
    }

    private func changes(_ repository: GitRepository, root: String = "") async throws -> [Set<String>] {
        let local = try await LocalRepository.open(root.isEmpty ? repository.path : "\(repository.path)/\(root)")
        let revision = try await local.revision()
        return try await local.changes(before: revision, limit: 20).map { paths in
            Set(paths.map { String(decoding: $0, as: UTF8.self) })
        }
    }

    @Test("each commit's paths are those of git, newest first", arguments: ["", "app"])
    func paths(root: String) async throws {
        let repository = try await fixture.repository()
        try await repository.commit([
            "app/a": "1", "app/d/x": "1", "app/d/y": "1", "b": "1", "app/f": "1", "app/k/l": "1",
        ])
        try await repository.commit(["app/a": "2", "app/n/e/w": "1"])
        try await repository.git("rm", "-qr", "app/d", "app/f")
        try await repository.commit(["app/f/inside": "1", "b": "2"])
        try await repository.git("update-index", "--chmod=+x", "app/a")
        try await repository.git("commit", "-q", "-m", "Mode")
        var expected: [Set<String>] = []
        for back in 0..<3 {
            let text = try await repository.git(
                "diff-tree",
                "-r",
                "--name-only",
                "--no-renames",
                "HEAD~\(back + 1)",
                "HEAD~\(back)"
            )
            let names = text.split(separator: "\n").map(String.init)
            let prefix = root.isEmpty ? "" : "\(root)/"
            expected.append(Set(names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }))
        }
        #expect(try await changes(repository, root: root) == expected)
    }

    /// A tree of 2^40 files in 41 objects.
    private func bomb(_ repository: GitRepository) async throws -> String {
        let blob = try await repository.git("hash-object", "-w", "--stdin", input: Array("x".utf8))
        var lines = "100644 blob \(blob)\ta\n100644 blob \(blob)\tb\n"
        var tree = ""
        for _ in 0..<40 {
            tree = try await repository.git("mktree", input: Array(lines.utf8))
            lines = "040000 tree \(tree)\ta\n040000 tree \(tree)\tb\n"
        }
        return tree
    }

    @Test("a parent whose tree never ends is as good as none", .timeLimit(.minutes(8)))
    func endless() async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["a": "1"])
        let mine = try await repository.git("rev-parse", "HEAD^{tree}")
        let bomb = try await bomb(repository)
        let parent = try await repository.git("commit-tree", "-m", "Bomb", bomb)
        let commit = try await repository.git("commit-tree", "-m", "Mine", "-p", parent, mine)
        try await repository.git("update-ref", "refs/heads/main", commit)
        let found = try await changes(repository)
        #expect(found.allSatisfy { $0.count <= 2000 })
    }

    @Test("what has no files and no end is given up, and a cancelled look ends")
    func exhausted() async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["a": "1"])
        // Directories alone: no path ever ends the look.
        var tree = try await repository.git("mktree", input: [])
        for _ in 0..<40 {
            tree = try await repository.git(
                "mktree",
                input: Array("040000 tree \(tree)\ta\n040000 tree \(tree)\tb\n".utf8)
            )
        }
        let opened = try GitStore.Repository(opening: "\(repository.path)/.git")
        let id = try #require(ObjectID(hex: tree))
        let flag = CancelFlag()
        var comparison = TreeComparison(opened, HistoryEffort(flag, bytes: 1 << 20))
        #expect(throws: HistoryEffort.Exhausted.self) { try comparison.compare(id, nil) }
        flag.set()
        var cancelled = TreeComparison(opened, HistoryEffort(flag))
        let failure = #expect(throws: BuildFailure.self) { try cancelled.compare(nil, id) }
        #expect(failure?.fault == .cancelled)
    }
}
