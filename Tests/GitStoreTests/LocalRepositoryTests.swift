import BuildModel
import Platform
import TestSupport
import Testing

@testable import GitStore

/// Repositories and directories of this machine.
@Suite("Local repositories")
struct LocalRepositoryTests {
    let fixture: GitFixture

    init() throws {
        fixture = try GitFixture()
    }

    @Test("a directory inside a repository is the root directory of its revision")
    func subdirectory() async throws {
        let repository = try await fixture.repository()
        let commit = try await repository.commit(["web/index.html": "x", "api/main.py": "y"])
        let local = try await LocalRepository.open("\(repository.path)/web/")
        #expect(local.rootDirectory == "web")
        let revision = try await local.revision()
        #expect(revision.commit.hex == commit)
        #expect(revision.reference == "main")
        #expect(try await local.entries(of: revision).map(\.displayPath) == ["index.html"])
    }

    @Test("a branch, a tag and an id are understood, and a name that is nothing is told")
    func names() async throws {
        let repository = try await fixture.repository()
        let first = try await repository.commit(["a": "1"])
        try await repository.git("tag", "-a", "-m", "One", "v1")
        try await repository.commit(["a": "2"])
        let local = try await LocalRepository.open(repository.path)
        for name in ["v1", first, String(first.prefix(8)), "HEAD~1"] {
            #expect(try await local.revision(name).commit.hex == first, "\(name)")
        }
        #expect(try await failure { try await local.revision("nothing") }.code == .commitNotFound)
    }

    @Test("a repository without commits, and a path without a repository, are told")
    func nothing() async throws {
        let repository = try await fixture.repository()
        let local = try await LocalRepository.open(repository.path)
        #expect(try await failure { try await local.revision() }.code == .emptyRepository)
        try Directories.create(fixture.scratch("plain"))
        let path = fixture.scratch("plain")
        #expect(try await failure { try await LocalRepository.open(path) }.code == .repositoryNotFound)
        #expect(try await failure { try await LocalRepository.open("\(path)/none") }.code == .notFound)
    }

    @Test("uncommitted changes are seen, in the directory that is built and no other")
    func changes() async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["web/a": "1", "api/b": "2", ".gitignore": "*.log\n"])
        let web = try await LocalRepository.open("\(repository.path)/web")
        let whole = try await LocalRepository.open(repository.path)
        try fixture.scratch.write("noise", to: "served/app/web/x.log")
        #expect(try await !whole.hasUncommittedChanges())
        try fixture.scratch.write("new", to: "served/app/api/b")
        #expect(try await whole.hasUncommittedChanges())
        #expect(try await !web.hasUncommittedChanges())
        try fixture.scratch.write("new", to: "served/app/web/untracked")
        #expect(try await web.hasUncommittedChanges())
    }

    @Test("a plain directory gives the tree that git would make of it")
    func importing() async throws {
        let path = fixture.scratch("plain")
        try fixture.scratch.write("hello", to: "plain/index.html")
        try fixture.scratch.write("#!/bin/sh\n", to: "plain/bin/run", mode: 0o755)
        try fixture.scratch.write("", to: "plain/empty")
        try await Command.output(["ln", "-s", "/etc/passwd", "\(path)/link"])
        try await Command.output(["sh", "-c", "printf x > \"$(printf 'plain/f\\377')\""], in: fixture.scratch.path)
        let local = try await LocalRepository.importing(directory: path)
        let revision = try await local.revision()
        let git = try await GitRepository(at: path)
        try await git.git("add", "-A")
        #expect(revision.tree.hex == (try await git.git("write-tree")))
        #expect(try await local.text("index.html", of: revision) == "hello")
        #expect(try await !local.hasUncommittedChanges())
        // With its .git now, which is left out: the same again.
        #expect(try await LocalRepository.importing(directory: path).revision().commit == revision.commit)
    }

    @Test("what git does not keep of a plain directory stands beside its tree, and names another revision")
    func details() async throws {
        let path = fixture.scratch("plain")
        try fixture.scratch.write("usual", to: "plain/usual")
        let plain = try await LocalRepository.importing(directory: path)
        #expect(try await plain.revision().details == nil)
        // Made under another umask it is the same.
        for modes in ["go-rwx", "g+w,o-rwx", "u=rwX,go=rX"] {
            try await Command.output(["chmod", "-R", modes, path])
            #expect(try await LocalRepository.importing(directory: path).revision() == plain.revision(), "\(modes)")
        }
        try fixture.scratch.write("open", to: "plain/open", mode: 0o666)
        try fixture.scratch.write("tool", to: "plain/bin/tool", mode: 0o4755)
        try await Command.output(
            [
                "sh", "-c",
                """
                ln plain/usual other && ln plain/bin/tool plain/a-tool && mkdir -p plain/none/in && chmod 1777 plain/none
                python3 -c 'import os; os.setxattr("plain/bin", "user.k", b"v"); os.setxattr("plain/a-tool", "user.z", b"")'
                """,
            ],
            in: fixture.scratch.path
        )
        let local = try await LocalRepository.importing(directory: path)
        let revision = try await local.revision()
        let details = try await local.withTree(of: revision) { $0.details }
        let tool = SourceDetails.Entry(
            mode: 0o4755,
            attributes: [DirectoryHeader.Attribute(name: "user.z", value: [])],
            firstName: Array("a-tool".utf8)
        )
        let expected: [String: SourceDetails.Entry] = [
            "a-tool": tool, "bin/tool": tool, "open": SourceDetails.Entry(mode: 0o666),
            "none": SourceDetails.Entry(mode: 0o1777),
            "bin": SourceDetails.Entry(
                mode: 0o755,
                attributes: [DirectoryHeader.Attribute(name: "user.k", value: Array("v".utf8))]
            ),
        ]
        #expect(details.entries == Dictionary(uniqueKeysWithValues: expected.map { (Array($0.utf8), $1) }))
        #expect(try await local.entries(of: revision).map(\.displayPath).contains("none/in"))
        let first = try #require(revision.details)
        #expect(try await LocalRepository.importing(directory: path).revision() == revision)
        try await Command.output(["chmod", "644", "\(path)/open"])
        let second = try await LocalRepository.importing(directory: path).revision()
        #expect(second.tree == revision.tree && second.details != first)
    }

    @Test("of a plain directory that was taken in before, what changed is read, and nothing else")
    func known() async throws {
        let path = fixture.scratch("plain")
        for number in 0..<20 { try fixture.scratch.write("text \(number)", to: "plain/d\(number % 3)/f\(number)") }
        func take() async throws -> (read: Int?, tree: ObjectID) {
            let cache = fixture.scratch("cache")
            let local = try await LocalRepository.importing(directory: path, keptIn: cache, settled: .seconds(-60))
            let revision = try await local.revision()
            #expect(try await local.entries(of: revision).count == 23)
            #expect(try await LocalRepository.importing(directory: path).revision().tree == revision.tree)
            return (local.imported?.readFiles, revision.tree)
        }
        let first = try await take()
        #expect(first.read == 20)
        #expect(try await take() == (0, first.tree))
        // Of the same size, and with the times that it had: what the system notes by itself tells.
        let change = "touch -r f7 t && printf 'TEXT 7' > f7 && touch -r t f7 && rm t"
        try await Command.output(["sh", "-c", change], in: "\(path)/d1")
        let second = try await take()
        #expect(second.read == 1 && second.tree != first.tree)
        let kept = try #require(try Directories.list(fixture.scratch("cache")).first { $0.hasSuffix(".git") })
        let repository = fixture.scratch("cache/\(kept)")
        let text = try await Command.output(["git", "hash-object", "\(path)/d0/f0"]).lines[0]
        try Files.remove("\(repository)/objects/\(text.prefix(2))/\(text.dropFirst(2))")
        #expect(try await take() == (1, second.tree))
        // Of a run of the system that has ended, nothing counts: nothing was synced.
        try Files.writeAtomically(Array("another".utf8), to: "\(repository)/slipway-boot")
        #expect(try await take() == (20, second.tree))
        try Files.writeAtomically([1, 2, 3], to: "\(repository)/slipway-files")
        #expect(try await take() == (20, second.tree))
    }

    @Test("a kept copy that others may be reading is not removed where it cannot be used")
    func unusable() async throws {
        let (path, cache) = (fixture.scratch("plain"), fixture.scratch("cache"))
        try fixture.scratch.write("text", to: "plain/f")
        func take() async throws -> (isKept: Bool, tree: ObjectID) {
            let local = try await LocalRepository.importing(directory: path, keptIn: cache, settled: .seconds(-60))
            return (local.imported?.scratch == nil, try await local.revision().tree)
        }
        let first = try await take()
        #expect(first.isKept)
        let kept = try #require(try Directories.list(cache).first { $0.hasSuffix(".git") })
        let (mark, others) = ("\(cache)/\(kept)/slipway-boot", "\(cache)/\(kept)/others")
        let boot = try Files.read(mark)
        try Files.writeAtomically([], to: others)
        // Whose it is cannot be told.
        try Files.remove(mark)
        try Directories.create(mark)
        #expect(try await take() == (false, first.tree))
        try Directories.remove(mark)
        try Files.writeAtomically(boot, to: mark)
        #expect(try await take() == (true, first.tree))
        #expect(Files.exists(others))
        // What nobody can open nobody reads.
        try Files.remove("\(cache)/\(kept)/HEAD")
        #expect(try await take() == (true, first.tree))
        #expect(!Files.exists(others))
    }

    @Test("a cache within the plain directory is left out, whatever it is called there, and named")
    func cacheWithin() async throws {
        let path = fixture.scratch("plain")
        try fixture.scratch.write("text", to: "plain/f")
        try fixture.scratch.write("spooled", to: "plain/made/cache/spool")
        try await Command.output(["ln", "-s", "made/cache", "\(path)/cache"])
        func take(_ without: [String]) async throws -> (leftOut: [String], paths: [String], tree: ObjectID) {
            let cache = "\(path)/cache/git"
            let local = try await LocalRepository.importing(directory: path, keptIn: cache, without: without)
            let revision = try await local.revision()
            return (local.leftOut, try await local.entries(of: revision).map(\.displayPath).sorted(), revision.tree)
        }
        let whole = "\(path)/made/cache"
        let first = try await take(["\(path)/cache"])
        #expect(first.leftOut == [whole])
        #expect(first.paths == ["cache", "f", "made"])
        try fixture.scratch.write("more", to: "plain/made/cache/spool")
        #expect(try await take([whole]) == first)
        // Where the kept copy itself is needs no word.
        let second = try await take([])
        #expect(second.leftOut == ["\(whole)/git"])
        #expect(second.paths == ["cache", "f", "made", "made/cache", "made/cache/spool"])
        #expect(try await take([fixture.scratch("none")]) == second)
    }

    @Test("what changed a moment before it was read may change again unseen, and is read again")
    func unsettled() async throws {
        let path = fixture.scratch("plain")
        try fixture.scratch.write("text", to: "plain/f")
        for _ in 0..<2 {
            let cache = fixture.scratch("cache")
            let local = try await LocalRepository.importing(directory: path, keptIn: cache, settled: .seconds(3600))
            #expect(local.imported?.readFiles == 1)
        }
    }

    @Test("a pipe in a plain directory is refused by its name")
    func pipe() async throws {
        try Directories.create(fixture.scratch("plain/run"))
        try await Command.output(["mkfifo", fixture.scratch("plain/run/control")])
        let path = fixture.scratch("plain")
        let failure = try await failure { try await LocalRepository.importing(directory: path) }
        #expect(failure.code == .unsupportedFile)
        #expect(failure.message.contains("plain/run/control"))
    }

    @Test("the temporary copy of a directory is gone with its last reference")
    func removed() async throws {
        let own = fixture.scratch("tmp")
        try Directories.create(own)
        try fixture.scratch.write("x", to: "plain/a")
        var local: LocalRepository? = try await LocalRepository.importing(directory: fixture.scratch("plain"), in: own)
        #expect(try Directories.list(own).count == 1)
        _ = local
        local = nil
        // A thread that read from it may have it for a moment longer.
        try await eventually("the copy is gone") { try Directories.list(own).isEmpty }
    }
}
