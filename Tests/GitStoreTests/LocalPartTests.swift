import BuildModel
import Platform
import TestSupport
import Testing

@testable import GitStore

/// What a repository of this machine has elsewhere.
@Suite("Local repositories with submodules and Git LFS")
struct LocalPartTests {
    let scratch: Scratch
    let log = CollectedLog()

    init() throws { scratch = try Scratch() }

    private func repository(_ name: String) async throws -> GitRepository {
        try await GitRepository(at: scratch("work/\(name)"))
    }

    private func add(_ commit: String, at path: String, url: String, to repository: GitRepository) async throws {
        try await repository.commit([".gitmodules": "[submodule \"the \(path)\"]\n\tpath = \(path)\n\turl = \(url)\n"])
        try await repository.git("update-index", "--add", "--cacheinfo", "160000,\(commit),\(path)")
        try await repository.git("commit", "-q", "-m", "Add \(path)")
    }

    private func completed(_ path: String, _ policy: LargeFilePolicy = .fetch) async throws -> (
        LocalRepository, Revision
    ) {
        let local = try await LocalRepository.open(path)
        return try await local.completed(try await local.revision(), policy, in: scratch("cache/git"), log: log)
    }

    @Test(
        "a submodule comes from the directory that is its URL, absolute or beside the repository",
        arguments: [true, false]
    )
    func directories(isAbsolute: Bool) async throws {
        let deep = try await repository("deep").commit(["d.txt": "deep"])
        let lib = try await repository("lib")
        try await lib.commit(["l.txt": "lib"])
        try await add(deep, at: "deep", url: "../deep", to: lib)
        let app = try await repository("app")
        try await app.commit(["a.txt": "app"])
        let url = isAbsolute ? lib.path : "../lib"
        try await add(try await lib.git("rev-parse", "HEAD"), at: "libs/one", url: url, to: app)
        let (source, revision) = try await completed(app.path)
        #expect(try await source.text("libs/one/deep/d.txt", of: revision) == "deep")
        #expect(try await source.text("a.txt", of: revision) == "app")
        #expect(revision.submodules.map(\.path) == ["libs/one", "libs/one/deep"])
        #expect(log.texts.contains { $0.contains("submodule libs/one from \(lib.path)") }, "\(log.texts)")
        let again = try await completed(app.path)
        #expect(again.1 == revision)
    }

    @Test("a submodule comes from where git put it, without a word to its URL")
    func initialised() async throws {
        let lib = try await repository("lib")
        let commit = try await lib.commit(["l.txt": "lib"])
        let app = try await repository("app")
        try await add(commit, at: "lib", url: lib.path, to: app)
        try await app.git("-c", "protocol.file.allow=always", "submodule", "update", "--init", "-q")
        try Directories.remove(lib.path)
        let (source, revision) = try await completed(app.path)
        #expect(try await source.text("lib/l.txt", of: revision) == "lib")
    }

    @Test(
        "one that is nowhere on this machine is told with what to do",
        arguments: ["https://127.0.0.1:1/lib", "../nothing"]
    )
    func missing(url: String) async throws {
        let app = try await repository("app")
        let commit = try await app.commit(["a.txt": "app"])
        try await add(String(commit.reversed()), at: "lib", url: url, to: app)
        let failure = try await failure { try await completed(app.path).1 }
        #expect(failure.code == .commitNotFound)
        #expect(failure.message.contains("submodule 'lib'"), "\(failure)")
    }

    @Test("a submodule beside the built directory is not looked for")
    func beside() async throws {
        let app = try await repository("app")
        let commit = try await app.commit(["web/a.txt": "app"])
        try await add(String(commit.reversed()), at: "lib", url: "https://127.0.0.1:1/lib", to: app)
        let (source, revision) = try await completed("\(app.path)/web")
        #expect(try await source.text("a.txt", of: revision) == "app")
        #expect(revision.submodules.isEmpty)
    }

    @Test("files of Git LFS come from what git-lfs keeps, are looked at, and nothing is written there")
    func largeFiles() async throws {
        let app = try await repository("app")
        try await app.git("lfs", "install", "--local", "--skip-repo")
        try await app.commit(["web/film.bin": LargeFileTests.film, ".gitattributes": "*.bin filter=lfs -text\n"])
        let before = try await Command.output(["find", "\(app.path)/.git", "-newer", "\(app.path)/.git/index"]).text
        let (source, revision) = try await completed("\(app.path)/web")
        #expect(try await source.text("film.bin", of: revision) == LargeFileTests.film)
        #expect(revision.hasLargeFiles)
        #expect(
            try await Command.output(["find", "\(app.path)/.git", "-newer", "\(app.path)/.git/index"]).text == before
        )
        let kept = try await completed(app.path, .keep)
        #expect(try await kept.0.text("web/film.bin", of: kept.1)?.hasPrefix("version ") == true)
        let refused = try await failure { try await completed(app.path, .refuse).1 }
        #expect(refused.code == .largeFilesRefused)
        try Directories.remove(scratch("cache"))
        let id = Digest(of: LargeFileTests.film).hex
        let file = "\(app.path)/.git/lfs/objects/\(id.prefix(2))/\(id.dropFirst(2).prefix(2))/\(id)"
        try Files.writeAtomically(Array("other".utf8), to: file)
        let damaged = try await failure { try await completed(app.path).1 }
        #expect(damaged.code == .corrupted)
        try Directories.remove("\(app.path)/.git/lfs/objects")
        let missing = try await failure { try await completed(app.path).1 }
        #expect(missing.code == .largeFileNotFound)
        #expect(missing.message.contains("'web/film.bin'") && missing.message.contains("git lfs fetch"), "\(missing)")
    }

    @Test("without either, nothing is made but a note that spares looking again")
    func plain() async throws {
        let app = try await repository("app")
        try await app.commit(["a.txt": "app", ".gitattributes": "*.bin filter=lfs\n"])
        let (_, revision) = try await completed(app.path)
        #expect(!revision.hasLargeFiles)
        #expect(try Directories.list(scratch("cache/git")) == ["plain-trees"])
        let local = try await LocalRepository.open(app.path)
        let known = ScannedTrees(path: scratch("cache/git/plain-trees"))
        let tree = try await local.revision().tree
        #expect(known.files(of: tree, "") == [] && known.files(of: tree, "web") == nil)
        for number in 0..<300 { known.add([], of: tree, "\(number)") }
        #expect(known.files(of: tree, "") == nil && known.files(of: tree, "299") == [])
    }
}
