import BuildModel
import GitStore
import Platform
import TestSupport
import Testing

/// Trees are read as git has them, however odd.
@Suite("Trees")
struct TreeTests {
    let fixture: GitFixture

    init() throws {
        fixture = try GitFixture()
    }

    private func local(_ repository: GitRepository) async throws -> (LocalRepository, Revision) {
        let local = try await LocalRepository.open(repository.path)
        return (local, try await local.revision())
    }

    @Test("the walk is git's own order, with a directory before what is in it")
    func order() async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["a.txt": "", "a/b/c": "", "a/z": "", "a0": "", "B": "", "empty": ""])
        let (local, revision) = try await local(repository)
        let expected = try await repository.git("ls-tree", "-r", "-t", "--name-only", "HEAD")
        #expect(try await local.entries(of: revision).map(\.displayPath).joined(separator: "\n") == expected)
    }

    @Test("kinds, sizes and ids are those of git")
    func kinds() async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["file": "12345", "run.sh": "#!/bin/sh\n"])
        try await Command.output(["chmod", "+x", "\(repository.path)/run.sh"])
        try await Command.output(["ln", "-s", "../out/of/here", "\(repository.path)/link"])
        let other = "1234567890123456789012345678901234567890"
        try await repository.git("update-index", "--add", "--cacheinfo", "160000,\(other),module")
        try await repository.git("add", "run.sh", "link")
        try await repository.git("commit", "-q", "-m", "Kinds")
        let (local, revision) = try await local(repository)
        let entries = try await local.entries(of: revision)
        #expect(entries.map(\.displayPath) == ["file", "link", "module", "run.sh"])
        #expect(entries.map(\.kind) == [.file, .symbolicLink, .submodule, .executable])
        #expect(entries.map(\.size) == [5, 14, 0, 10])
        #expect(entries[2].objectID.hex == other)
        #expect(entries[0].objectID.hex == (try await repository.git("rev-parse", "HEAD:file")))
        let link = entries[1]
        let target = try await local.withTree(of: revision) { tree in
            try tree.withContent(of: link, limit: 100) { span in
                (0..<span.byteCount).map { span.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
            }
        }
        #expect(target == Array("../out/of/here".utf8))
    }

    /// A tree of one file per name, made without a file system, which could not hold all of them.
    private func commit(_ repository: GitRepository, paths: [[UInt8]]) async throws {
        let blob = try await repository.git("hash-object", "-w", "--stdin", input: Array("x".utf8))
        var lines: [UInt8] = []
        for path in paths { lines += Array("100644 \(blob)\t".utf8) + path + [0] }
        try await repository.git("update-index", "-z", "--index-info", input: lines)
        try await repository.git("commit", "-q", "-m", "Paths")
    }

    @Test("names that are not UTF-8, or as long as file systems have them, keep their bytes")
    func names() async throws {
        let repository = try await fixture.repository()
        let long = [UInt8](repeating: UInt8(ascii: "n"), count: 255)
        let paths: [[UInt8]] = [[0x66, 0xff, 0xfe], Array("ü".utf8), Array("tab\tnew\nline".utf8), long]
        try await commit(repository, paths: paths)
        let (local, revision) = try await local(repository)
        #expect(Set(try await local.entries(of: revision).map(\.path)) == Set(paths))
    }

    @Test("a deep tree is walked to its end")
    func deep() async throws {
        let repository = try await fixture.repository()
        let path = Array(Array(repeating: "d", count: 500).joined(separator: "/").utf8)
        try await commit(repository, paths: [path])
        let (local, revision) = try await local(repository)
        #expect(try await local.entries(of: revision).map(\.path.count).max() == path.count)
    }

    @Test("a name or path that is longer than Linux has them is refused", arguments: [false, true])
    func tooLong(isNested: Bool) async throws {
        let repository = try await fixture.repository()
        let blob = try await repository.git("hash-object", "-w", "--stdin", input: Array("x".utf8))
        let name = String(repeating: "n", count: isNested ? 255 : 256)
        var id = try await tree(repository, mode: "100644", name: name, id: blob)
        if isNested { for _ in 0..<16 { id = try await tree(repository, mode: "40000", name: name, id: id) } }
        try await commitTree(repository, id)
        let (local, revision) = try await local(repository)
        let failure = try await failure { try await local.entries(of: revision) }
        #expect(failure.code == .unsafeTree && failure.fault == .code)
        #expect(failure.message.contains(isNested ? "4095" : "256"))
    }

    @Test("a tree object that is too large to be real is refused before it is read")
    func largeTree() async throws {
        let repository = try await fixture.repository()
        let bytes = [UInt8](repeating: 0, count: 33 << 20)
        let id = try await repository.git("hash-object", "-w", "--literally", "-t", "tree", "--stdin", input: bytes)
        try await commitTree(repository, try await tree(repository, mode: "40000", name: "d", id: id))
        let (local, revision) = try await local(repository)
        let walked = try await failure { try await local.entries(of: revision) }
        #expect(walked.code == .limitExceeded && walked.fault == .code)
        #expect(walked.message.contains("tree"))
        let lookedUp = try await failure { try await local.text("d/f", of: revision) }
        #expect(lookedUp.code == .limitExceeded)
    }

    /// Makes a tree object of one entry by hand.
    private func tree(_ repository: GitRepository, mode: String, name: String, id: String) async throws -> String {
        let bytes = Array("\(mode) \(name)".utf8) + [0] + (Hexadecimal.decode(id) ?? [])
        return try await repository.git("hash-object", "-w", "--literally", "-t", "tree", "--stdin", input: bytes)
    }

    private func commitTree(_ repository: GitRepository, _ tree: String) async throws {
        let commit = try await repository.git("commit-tree", "-m", "By hand", tree)
        try await repository.git("update-ref", "refs/heads/main", commit)
    }

    @Test("a tree that is nested without end is refused")
    func endless() async throws {
        let repository = try await fixture.repository()
        let blob = try await repository.git("hash-object", "-w", "--stdin", input: Array("x".utf8))
        var id = try await tree(repository, mode: "100644", name: "f", id: blob)
        for _ in 0..<1030 { id = try await tree(repository, mode: "40000", name: "d", id: id) }
        try await commitTree(repository, id)
        let (local, revision) = try await local(repository)
        let failure = try await failure { try await local.entries(of: revision) }
        #expect(failure.code == .unsafeTree)
        #expect(failure.message.contains("nested more than 1024 deep"))
    }

    @Test(
        "names that would lead out of the tree are refused",
        arguments: ["..", ".", ".git", "a/b", "../../etc/passwd"]
    )
    func unsafeNames(name: String) async throws {
        let repository = try await fixture.repository()
        let blob = try await repository.git("hash-object", "-w", "--stdin", input: Array("x".utf8))
        try await commitTree(repository, try await tree(repository, mode: "100644", name: name, id: blob))
        let (local, revision) = try await local(repository)
        let failure = try await failure { try await local.entries(of: revision) }
        #expect([.unsafeTree, .damaged].contains(failure.code))
        #expect(try await local.text(name, of: revision) == nil || name == ".git")
    }

    @Test(
        "an entry is found by its path, and nothing is found behind files and dots",
        arguments: [
            ("a/b", true), ("a", true), ("a/b/c", false), ("a/", false), ("/a", false), ("", false),
            ("a/../a/b", false),
            ("missing", false),
        ]
    )
    func entryAt(path: String, isThere: Bool) async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["a/b": "text"])
        let (local, revision) = try await local(repository)
        let entry = try await local.withTree(of: revision) { try $0.entry(at: path) }
        #expect((entry != nil) == isThere)
        #expect(entry.map(\.displayPath) ?? path == path)
    }

    @Test("skipping leaves a directory out, stopping ends the walk")
    func directives() async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["a/x": "", "b": "", "c": ""])
        let (local, revision) = try await local(repository)
        let seen = try await local.withTree(of: revision) { tree in
            var seen: [String] = []
            try tree.walk { entry in
                seen.append(entry.displayPath)
                return entry.kind == .directory ? .skipDescendants : entry.displayPath == "b" ? .stop : .proceed
            }
            return seen
        }
        #expect(seen == ["a", "b"])
    }

    @Test("a file larger than the caller's limit is refused by name")
    func limit() async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["big": "0123456789"])
        let (local, revision) = try await local(repository)
        let failure = try await failure { try await local.withTree(of: revision) { try $0.bytes(at: "big", limit: 9) } }
        #expect(failure.code == .limitExceeded)
        #expect(failure.message.contains("'big' has 10 bytes"))
    }
}
