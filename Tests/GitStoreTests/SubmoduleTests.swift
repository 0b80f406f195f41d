import BuildModel
import Platform
import TestSupport
import Testing

@testable import GitStore

/// Repositories in the directories of others.
@Suite("Submodules")
struct SubmoduleTests {
    let fixture: GitFixture
    let server: GitHTTPServer

    init() async throws {
        fixture = try GitFixture()
        server = try await GitHTTPServer(root: fixture.root, scratch: fixture.scratch)
    }

    private func source(_ name: String = "app", root: String = "") -> GitSource {
        GitSource(url: server.url(name), rootDirectory: root)
    }

    /// Commits a submodule as git would.
    private func add(_ commit: String, at path: String, url: String, to repository: GitRepository) async throws {
        let file = "\(repository.path)/.gitmodules"
        let before = Files.exists(file) ? try Files.read(file) : []
        let text = "[submodule \"\(path)\"]\n\tpath = \(path)\n\turl = \(url)\n"
        try Files.writeAtomically(before + Array(text.utf8), to: file)
        try await repository.git("add", ".gitmodules")
        try await repository.git("update-index", "--add", "--cacheinfo", "160000,\(commit),\(path)")
        try await repository.git("commit", "-q", "-m", "Add \(path)")
    }

    /// An app whose `libs/one` is a repository with a submodule `deep` of its own.
    private func nested() async throws -> GitRepository {
        let deep = try await fixture.repository("deep").commit(["d.txt": "deep"])
        let one = try await fixture.repository("one")
        try await one.commit(["o.txt": "one", "run.sh": "#!/bin/sh"])
        try await add(deep, at: "deep", url: "../deep", to: one)
        let app = try await fixture.repository()
        try await app.commit(["a.txt": "app", "libs/other.txt": "beside"])
        try await add(try await one.git("rev-parse", "HEAD"), at: "libs/one", url: server.url("one"), to: app)
        return app
    }

    @Test("stand in their places as trees, those of submodules too, and are told")
    func fetched() async throws {
        _ = try await nested()
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source(), log: fixture.log)
        #expect(
            try await mirrors.entries(of: revision).map(\.displayPath) == [
                ".gitmodules", "a.txt", "libs", "libs/one", "libs/one/.gitmodules", "libs/one/deep",
                "libs/one/deep/d.txt", "libs/one/o.txt", "libs/one/run.sh", "libs/other.txt",
            ]
        )
        #expect(try await mirrors.text("libs/one/deep/d.txt", of: revision) == "deep")
        #expect(revision.submodules.map(\.path) == ["libs/one", "libs/one/deep"])
        #expect(fixture.log.texts.contains("Fetching the submodule libs/one."))
    }

    @Test(
        "have above a root directory within one what they say themselves, and nothing of the repositories around",
        arguments: [
            ("libs/one/pkg/app", ["libs/one/.names", "libs/one/pkg/.names"]), ("libs/one", []),
            ("libs/one/deep/sub", ["libs/one/deep/.names"]), ("libs/beside", [".names", "libs/.names"]),
        ]
    )
    func filesAbove(root: String, paths: [String]) async throws {
        let deep = try await fixture.repository("deep").commit([".names": "deep", "sub/d.txt": "deep"])
        let one = try await fixture.repository("one")
        try await one.commit([".names": "one", "pkg/.names": "pkg", "pkg/app/.names": "app"])
        try await add(deep, at: "deep", url: "../deep", to: one)
        let app = try await fixture.repository()
        try await app.commit([".names": "top", "libs/.names": "libs", "libs/beside/b.txt": "b"])
        try await add(try await one.git("rev-parse", "HEAD"), at: "libs/one", url: server.url("one"), to: app)
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source(root: root), log: fixture.log)
        let files = try await mirrors.files(named: ".names", above: revision, limit: 100)
        #expect(files.keys.sorted() == paths)
        let names = ["libs/one/.names": "one", "libs/one/pkg/.names": "pkg", "libs/one/deep/.names": "deep"]
        for (path, text) in names where files[path] != nil { #expect(files[path] == Array(text.utf8)) }
    }

    @Test("blobs of all repositories are read by many threads at once, as layers read them")
    func blobs() async throws {
        _ = try await nested()
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source(), log: fixture.log)
        let texts = try await mirrors.withTree(of: revision) { tree in
            var files: [TreeEntry] = []
            try tree.walk {
                if $0.kind == .file { files.append($0) }
                return .proceed
            }
            return try files.map { entry in
                var text: [UInt8] = []
                try tree.blobs.forEachPiece(of: entry.objectID, size: entry.size) { unsafe text += Array($0) }
                return String(decoding: text, as: UTF8.self)
            }
        }
        #expect(Set(texts).isSuperset(of: ["app", "beside", "one", "deep"]))
    }

    @Test("the tree is the one that git makes of the same files, on every node, and again when nothing changed")
    func same() async throws {
        let app = try await nested()
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source(), log: fixture.log)
        #expect(try await mirrors.fetch(source(), log: fixture.log) == revision)
        let other = try Mirrors(GitSettings(directory: fixture.scratch("elsewhere")))
        #expect(try await other.fetch(source(), log: fixture.log).tree == revision.tree)
        let clone = fixture.scratch("clone")
        let git = ["git", "-c", "protocol.allow=always", "-c", "safe.directory=*"]
        try await Command.output(git + ["clone", "-q", "--recurse-submodules", app.path, clone])
        let plain = try await LocalRepository.importing(directory: try without(".git", in: clone))
        #expect(try await plain.revision().tree == revision.tree)
    }

    /// A checkout without what git keeps in it.
    private func without(_ name: String, in directory: String) async throws -> String {
        try await Command.output(["find", directory, "-depth", "-name", name, "-exec", "rm", "-rf", "{}", "+"])
        return directory
    }

    @Test("a root directory may be in a submodule; one that is nowhere is told")
    func root() async throws {
        _ = try await nested()
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source(root: "libs/one"), log: fixture.log)
        #expect(revision.rootDirectory == "libs/one")
        #expect(try await mirrors.text("deep/d.txt", of: revision) == "deep")
        let missing = try await failure { try await mirrors.fetch(source(root: "libs/two"), log: fixture.log) }
        #expect(missing.code == .rootDirectoryNotFound)
    }

    @Test("a new commit of a submodule changes the tree; the old revision stays as it was")
    func moved() async throws {
        let lib = try await fixture.repository("lib")
        let app = try await fixture.repository()
        try await app.commit(["a.txt": "app"])
        try await add(try await lib.commit(["l": "1"]), at: "lib", url: "../lib", to: app)
        let mirrors = try fixture.mirrors()
        let first = try await mirrors.fetch(source(), log: fixture.log)
        let commit = try await lib.commit(["l": "2"])
        try await app.git("update-index", "--cacheinfo", "160000,\(commit),lib")
        try await app.git("commit", "-q", "-m", "Newer lib")
        let second = try await mirrors.fetch(source(), log: fixture.log)
        #expect(try await mirrors.text("lib/l", of: second) == "2")
        #expect(try await mirrors.text("lib/l", of: first) == "1")
    }

    @Test("a mirror shows the objects of its own repository alone: a submodule's commit is no commit of the app")
    func apart() async throws {
        _ = try await nested()
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source(), log: fixture.log)
        let commit = try #require(revision.submodules.first).commit.hex
        let failure = try await failure {
            try await mirrors.fetch(GitSource(url: server.url("app"), commit: commit), log: fixture.log)
        }
        #expect(failure.code == .commitNotFound)
    }

    @Test(
        "no credential goes to a submodule, unless the operator trusts all repositories with each other's",
        arguments: [false, true]
    )
    func credentials(isTrusted: Bool) async throws {
        let secret = try await GitHTTPServer(root: fixture.root, scratch: fixture.scratch, password: "hunter2")
        _ = try await fixture.repository("lib").commit(["l": "1"])
        let lib = try await fixture.repository("lib2").commit(["l": "2"])
        let app = try await fixture.repository()
        try await app.commit(["a.txt": "app"])
        try await add(lib, at: "lib", url: "../lib2", to: app)
        let mirrors = try fixture.mirrors { settings in
            settings.submodules = isTrusted ? .trusted : .anonymous
            let host = "http://127.0.0.1:\(secret.port)"
            settings.credentials = [GitCredential(host: host, username: "builder", password: Redacted("hunter2"))]
        }
        let source = GitSource(url: secret.url("app"))
        if isTrusted {
            let revision = try await mirrors.fetch(source, log: fixture.log)
            #expect(try await mirrors.text("lib/l", of: revision) == "2")
        } else {
            let failure = try await failure { try await mirrors.fetch(source, log: fixture.log) }
            #expect(failure.code == .unauthorized)
            #expect(failure.message.contains("The submodule 'lib'"))
        }
    }

    @Test(
        "URLs that lead elsewhere are refused before anything is asked",
        arguments: [
            ("http://localhost:1/lib", BuildFailure.Code.hostNotAllowed, "git.allowedHosts"),
            ("http://127.0.0.1:1/lib", .hostNotAllowed, "127.0.0.1:1"),
            ("ssh://git@127.0.0.1/lib", .schemeNotAllowed, "git.submodules"),
            ("git://127.0.0.1/lib", .schemeNotAllowed, "git.submodules"),
            ("file:///etc", .schemeNotAllowed, "file"),
            ("/etc", .schemeNotAllowed, "file"),
            ("../../../../lib", .invalidRequest, "leads out"),
            ("-u=x", .invalidRequest, "URL"),
        ]
    )
    func refused(url: String, code: BuildFailure.Code, words: String) async throws {
        let app = try await fixture.repository()
        let commit = try await app.commit(["a.txt": "app"])
        try await add(commit, at: "lib", url: url, to: app)
        let failure = try await failure { try await fixture.mirrors().fetch(source(), log: fixture.log) }
        #expect(failure.code == code)
        #expect(failure.message.contains("The submodule 'lib'"))
        #expect(failure.message.contains(words), "\(failure.message)")
    }

    @Test("one that has itself as a submodule ends with words")
    func endless() async throws {
        let app = try await fixture.repository()
        let first = try await app.commit(["a.txt": "app"])
        var commit = first
        for _ in 0..<6 {
            try await app.git("rm", "-q", "--cached", "--ignore-unmatch", "self")
            try await app.git("rm", "-q", "-f", "--ignore-unmatch", ".gitmodules")
            try await add(commit, at: "self", url: "../app", to: app)
            commit = try await app.git("rev-parse", "HEAD")
        }
        let failure = try await failure { try await fixture.mirrors().fetch(source(), log: fixture.log) }
        #expect(failure.code == .limitExceeded)
    }

    @Test("where they are refused, and where nothing says where they are, their place stays a submodule")
    func left() async throws {
        let app = try await nested()
        let refusing = try fixture.mirrors { $0.submodules = .refuse }
        let refused = try await refusing.fetch(source(), log: fixture.log)
        #expect(try await refusing.entries(of: refused).first { $0.displayPath == "libs/one" }?.kind == .submodule)
        try await app.git("rm", "-q", ".gitmodules")
        try await app.git("commit", "-q", "-m", "Forget")
        let mirrors = try fixture.mirrors()
        let forgotten = try await mirrors.fetch(source(), log: fixture.log)
        #expect(try await mirrors.entries(of: forgotten).first { $0.displayPath == "libs/one" }?.kind == .submodule)
    }

    @Test("a mirror that lost objects is fetched anew, whosever it is")
    func damaged() async throws {
        _ = try await nested()
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source(), log: fixture.log)
        for name in try Directories.list(fixture.scratch("mirrors")) where name.contains("-deep.git") {
            try Directories.remove(fixture.scratch("mirrors/\(name)/objects/pack"))
        }
        let failure = try await failure { try await mirrors.text("libs/one/deep/d.txt", of: revision) }
        #expect(failure.code == .damaged)
        let again = try await mirrors.fetch(source(), log: fixture.log)
        #expect(try await mirrors.text("libs/one/deep/d.txt", of: again) == "deep")
    }

    @Test("what joins repositories is made anew where it was not made whole", arguments: ["HEAD", "objects"])
    func brokenJoint(lost: String) async throws {
        _ = try await nested()
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source(), log: fixture.log)
        for name in try Directories.list(fixture.scratch("mirrors")) where name.hasSuffix("-joint.git") {
            try Directories.remove(fixture.scratch("mirrors/\(name)/\(lost)"))
        }
        let again = try await mirrors.fetch(source(), log: fixture.log)
        #expect(again == revision)
        #expect(try await mirrors.text("libs/one/deep/d.txt", of: again) == "deep")
    }

    @Test("the same repositories in another nesting leave a revision that is being built as it was")
    func otherNesting() async throws {
        let app = try await nested()
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source(), log: fixture.log)
        let one = GitRepository(existing: fixture.root + "/one")
        let deep = GitRepository(existing: fixture.root + "/deep")
        try await one.git("rm", "-q", "--cached", "deep")
        try await one.git("rm", "-q", "-f", ".gitmodules")
        try await one.git("commit", "-q", "-m", "Flat")
        try await app.git("update-index", "--cacheinfo", "160000,\(try await one.git("rev-parse", "HEAD")),libs/one")
        try await add(try await deep.git("rev-parse", "HEAD"), at: "libs/two", url: "../deep", to: app)
        let flat = try await mirrors.fetch(source(), log: fixture.log)
        #expect(try await mirrors.text("libs/two/d.txt", of: flat) == "deep")
        #expect(try await mirrors.text("libs/one/deep/d.txt", of: revision) == "deep")
    }

    @Test("beside the built directory are not fetched")
    func beside() async throws {
        let app = try await fixture.repository()
        let commit = try await app.commit(["web/a.txt": "app", "b.txt": "top"])
        try await add(commit, at: "lib", url: "https://127.0.0.1:1/lib", to: app)
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source(root: "web"), log: fixture.log)
        #expect(try await mirrors.text("a.txt", of: revision) == "app")
        #expect(revision.submodules.isEmpty)
        let failure = try await failure { try await mirrors.fetch(source(), log: fixture.log) }
        #expect(failure.message.contains("submodule 'lib'"), "\(failure)")
    }

    @Test(
        ".gitmodules is read as git reads it",
        arguments: [
            ("[submodule \"a\"]\n path = a\n url = https://h/a\n", ["a https://h/a"]),
            ("[submodule \"a\"]\r\n\tpath=\"a b\" ; why\r\n\tURL = \"x#y\" # no\r\n", ["a b x#y"]),
            ("# c\n[submodule \"a\"]\npath = a\n[core]\npath = b\nurl = u\n", []),
            ("[include]\n path = /etc/passwd\n[submodule \"a\"]\nurl = u\npath = a\\\"b\n", ["a\"b u"]),
            ("[submodule", []), ("path = a\nurl = b", []), ("", []),
        ]
    )
    func file(text: String, entries: [String]) {
        #expect(SubmoduleFile(Array(text.utf8)).entries.map { "\($0.path) \($0.url)" } == entries)
    }
}
