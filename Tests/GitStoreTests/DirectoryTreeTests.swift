import BuildModel
import GitStore
import Platform
import TestSupport
import Testing

@Suite("A directory as a tree")
struct DirectoryTreeTests {
    private let scratch: Scratch
    private var tree: DirectoryTree { DirectoryTree(path: scratch("app")) }

    init() throws {
        scratch = try Scratch()
        try scratch.write("1", to: "app/a.txt")
        try scratch.write("2", to: "app/a/b.txt")
        try scratch.write("3", to: "app/.git/config")
        try scratch.write("secret", to: "outside.txt")
    }

    @Test("lists files in git's order, links as links, and nothing of .git")
    func list() async throws {
        try await Command.output(["ln", "-s", "../outside.txt", scratch("app/link")])
        try await Command.output(["ln", "-s", "..", scratch("app/up")])
        try await Command.output(["mkfifo", scratch("app/pipe")])
        var seen: [String] = []
        try tree.walkNames { kind, path in
            seen.append("\(String(path: path) ?? "?") \(kind)")
            return .proceed
        }
        #expect(
            seen == ["a.txt file", "a directory", "a/b.txt file", "link symbolicLink", "up symbolicLink"]
        )
    }

    @Test("names that begin alike are in git's order, however long and whatever they are")
    func order() async throws {
        let names = [
            "abcdefgh", "abcdefgh.txt", "abcdefgh0", "abcdefghi/x", "abcdefgh-/x", "b", "b.c/x", "b0", "b-/x", "B",
        ]
        let repository = try await GitRepository(at: scratch("git"))
        try await repository.commit(Dictionary(uniqueKeysWithValues: names.map { ($0, "") }))
        let expected = try await repository.git("ls-tree", "-r", "-t", "--name-only", "HEAD")
        var seen: [String] = []
        try DirectoryTree(path: repository.path).walkNames { _, path in
            seen.append(String(path: path) ?? "?")
            return .proceed
        }
        #expect(seen.joined(separator: "\n") == expected)
    }

    @Test("skipping leaves a directory out, stopping ends the walk")
    func directives() throws {
        for name in ["a/c/d", "z", "zz"] { try scratch.write("", to: "app/\(name)") }
        var seen: [String] = []
        try tree.walkNames { kind, path in
            seen.append(String(path: path) ?? "?")
            return seen.last == "z" ? .stop : seen.last == "a/c" ? .skipDescendants : .proceed
        }
        #expect(seen == ["a.txt", "a", "a/b.txt", "a/c", "z"])
    }

    @Test(
        "no path leads out of it",
        arguments: ["../outside.txt", "up/outside.txt", "link", "/etc/passwd", ".git/config"]
    )
    func confined(_ path: String) async throws {
        try await Command.output(["ln", "-s", "../outside.txt", scratch("app/link")])
        try await Command.output(["ln", "-s", "..", scratch("app/up")])
        #expect(try tree.bytes(at: path, limit: 100) == nil)
    }

    @Test(
        "what is no regular file has no bytes",
        arguments: ["a", "gone", "a.txt/b", "pipe", String(repeating: "a", count: 300)]
    )
    func nothing(_ path: String) async throws {
        try await Command.output(["mkfifo", scratch("app/pipe")])
        #expect(try tree.bytes(at: path, limit: 100) == nil)
    }

    @Test("files are read within a limit")
    func content() throws {
        #expect(try tree.bytes(at: "a/b.txt", limit: 1) == Array("2".utf8))
        try scratch.write("12345", to: "app/large")
        let thrown = #expect(throws: BuildFailure.self) { try tree.bytes(at: "large", limit: 4) }
        #expect(thrown?.code == .limitExceeded)
    }
}
