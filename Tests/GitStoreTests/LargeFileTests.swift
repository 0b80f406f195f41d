import BuildModel
import Platform
import Synchronization
import TestSupport
import Testing

@testable import GitStore

/// Files of which git has pointers alone.
@Suite("Git LFS")
struct LargeFileTests {
    let fixture: GitFixture
    let storage: LargeFileStorage
    let server: GitHTTPServer
    /// A file's bytes, which no pointer looks like.
    static let film = String(repeating: "film ", count: 40_000)

    init() async throws {
        fixture = try GitFixture()
        storage = try LargeFileStorage(fixture.scratch)
        server = try await GitHTTPServer(root: fixture.root, scratch: fixture.scratch, largeFiles: storage)
    }

    private var digest: Digest { Digest(of: Self.film) }

    private func source(_ name: String = "app", root: String = "") -> GitSource {
        GitSource(url: server.url(name), rootDirectory: root)
    }

    /// A repository whose `.bin` files were put into Git LFS and pushed by git-lfs itself.
    @discardableResult
    private func pushed(
        _ files: [String: String] = ["film.bin": film, "a.txt": "text"],
        name: String = "app",
        to url: String? = nil
    ) async throws -> GitRepository {
        let repository = try await fixture.repository(name)
        try await repository.git("lfs", "install", "--local", "--skip-repo")
        try await repository.commit(files.merging([".gitattributes": "*.bin filter=lfs -text\n"]) { $1 })
        try await repository.git("remote", "add", "lfs", url ?? server.url(name))
        try await repository.git("config", "lfs.locksverify", "false")
        try await repository.git("lfs", "push", "--all", "lfs")
        return repository
    }

    @Test("stand in their places with their bytes: the tree is the one that git would have without Git LFS")
    func fetched() async throws {
        let repository = try await pushed([
            "film.bin": Self.film, "sub/run.bin": "short", "sub/empty.bin": "", "a": "b",
        ])
        #expect(try await repository.git("show", "HEAD:film.bin").hasPrefix("version https://git-lfs"))
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source(), log: fixture.log)
        #expect(try await mirrors.text("film.bin", of: revision) == Self.film)
        #expect(try await mirrors.text("sub/run.bin", of: revision) == "short")
        #expect(revision.hasLargeFiles)
        let plain = try await fixture.repository("plain")
        try await plain.commit(["film.bin": Self.film, "sub/run.bin": "short", "sub/empty.bin": "", "a": "b"])
        try await plain.commit([".gitattributes": "*.bin filter=lfs -text\n"])
        #expect(revision.tree.hex == (try await plain.git("rev-parse", "HEAD^{tree}")))
        #expect(fixture.log.texts.contains { $0.hasPrefix("Fetching 2 files of Git LFS") }, "\(fixture.log.texts)")
    }

    @Test("are put in their places once for each tree, and again when the tree with them was lost")
    func filledOnce() async throws {
        try await pushed()
        let mirrors = try fixture.mirrors()
        let first = try await mirrors.fetch(source(), log: fixture.log)
        let name = try #require(try Directories.list(fixture.scratch("mirrors")).first { $0.hasSuffix("-lfs.git") })
        let note = fixture.scratch("mirrors/\(name)/slipway-filled")
        let line = String(decoding: try Files.read(note), as: UTF8.self)
        let whole = try await fixture.repository("app").git("rev-parse", "HEAD^{tree}")
        for (tree, seen) in [(whole, whole), (String(repeating: "7", count: 40), first.tree.hex)] {
            try Files.writeAtomically(Array(line.replacing(first.tree.hex, with: tree).utf8), to: note)
            #expect(try await mirrors.fetch(source(), log: fixture.log).tree.hex == seen)
        }
    }

    @Test("are fetched once on a node, also by those who come later, and again when what is kept was lost")
    func kept() async throws {
        let repository = try await pushed()
        let before = storage.questions("app")
        let mirrors = try fixture.mirrors()
        let first = try await mirrors.fetch(source(), log: fixture.log)
        try await repository.commit(["b.txt": "more"])
        let second = try await fixture.mirrors().fetch(source(), log: fixture.log)
        #expect(storage.questions("app") == before + 1)
        #expect(try await mirrors.text("film.bin", of: second) == Self.film)
        for name in try Directories.list(fixture.scratch("mirrors")) where name.hasSuffix("-lfs.git") {
            try Directories.remove(fixture.scratch("mirrors/\(name)/objects"))
        }
        await #expect(throws: BuildFailure.self) { try await mirrors.text("film.bin", of: first) }
        let again = try await mirrors.fetch(source(), log: fixture.log)
        #expect(again == second)
        #expect(try await mirrors.text("film.bin", of: again) == Self.film)
        #expect(storage.questions("app") == before + 2)
    }

    @Test("bytes that are not the file's are refused, whatever is wrong with them", arguments: [-1, 0, 1])
    func wrongBytes(longer: Int) async throws {
        try await pushed()
        let bytes = [UInt8](repeating: 7, count: Self.film.utf8.count + longer)
        try Files.writeAtomically(bytes, to: storage.path(of: digest, in: "app"))
        let failure = try await failure { try await fixture.mirrors().fetch(source(), log: fixture.log) }
        #expect(failure.code == .corrupted)
        #expect(failure.message.contains("'film.bin'"), "\(failure)")
        #expect(failure.message.contains(server.url("app.git/info/lfs")))
    }

    @Test("a file that the server does not have is named, with what to do")
    func missing() async throws {
        try await pushed()
        try await Command.output(["rm", storage.path(of: digest, in: "app")])
        let failure = try await failure { try await fixture.mirrors().fetch(source(), log: fixture.log) }
        #expect(failure.code == .largeFileNotFound)
        #expect(failure.message.contains("'film.bin'") && failure.message.contains("git lfs push"), "\(failure)")
        #expect(failure.cause == "no such object")
    }

    @Test("a link that has run out is asked for again; one that never works is told")
    func expired() async throws {
        try await pushed()
        let before = storage.questions("app")
        try storage.misbehave(["dead": .integer(Int64(before + 1))], in: "app")
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source(), log: fixture.log)
        #expect(try await mirrors.text("film.bin", of: revision) == Self.film)
        #expect(storage.questions("app") == before + 2)
        try storage.misbehave(["dead": 1000], in: "app")
        try Directories.remove(fixture.scratch("mirrors"))
        let failure = try await failure { try await fixture.mirrors().fetch(source(), log: fixture.log) }
        #expect(failure.code == .unauthorized)
        #expect(failure.message.contains("'film.bin'") && failure.message.contains("run out"), "\(failure)")
    }

    @Test("a link that ended at a time of the past is asked for again before it is tried")
    func ended() async throws {
        try await pushed()
        let before = storage.questions("app")
        try storage.misbehave(["ended": .integer(Int64(before + 1))], in: "app")
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source(), log: fixture.log)
        #expect(try await mirrors.text("film.bin", of: revision) == Self.film)
        #expect(storage.questions("app") == before + 2)
    }

    @Test("a link that leads to nothing is told with the file")
    func gone() async throws {
        try await pushed()
        try storage.misbehave(["gone": true], in: "app")
        let failure = try await failure { try await fixture.mirrors().fetch(source(), log: fixture.log) }
        #expect(failure.code == .largeFileNotFound)
        #expect(failure.message.contains("'film.bin'"), "\(failure)")
    }

    @Test("a host without Git LFS is named")
    func noServer() async throws {
        try await pushed()
        let plain = try await GitHTTPServer(root: fixture.root, scratch: fixture.scratch)
        let source = GitSource(url: plain.url("app"))
        let failure = try await failure { try await fixture.mirrors().fetch(source, log: fixture.log) }
        #expect(failure.code == .largeFilesUnavailable)
        #expect(failure.message.contains(plain.url("app.git/info/lfs")), "\(failure)")
    }

    @Test("a busy server is given time")
    func busy() async throws {
        try await pushed()
        try storage.misbehave(["busy": .integer(Int64(storage.questions("app") + 2))], in: "app")
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source(), log: fixture.log)
        #expect(try await mirrors.text("film.bin", of: revision) == Self.film)
    }

    @Test("the repository's credential leads in to its Git LFS server")
    func credentials() async throws {
        let secret = try await GitHTTPServer(
            root: fixture.root,
            scratch: fixture.scratch,
            password: "hunter2",
            largeFiles: storage
        )
        let address = "127.0.0.1:\(secret.port)"
        try await pushed(to: "http://builder:hunter2@\(address)/app")
        let mirrors = try fixture.mirrors { settings in
            settings.credentials = [
                GitCredential(host: "http://\(address)", username: "builder", password: Redacted("hunter2"))
            ]
        }
        let revision = try await mirrors.fetch(GitSource(url: secret.url("app")), log: fixture.log)
        #expect(try await mirrors.text("film.bin", of: revision) == Self.film)
    }

    @Test("a link to another place has neither our credential nor what belongs to the connection")
    func strangers() async throws {
        let secret = try await GitHTTPServer(
            root: fixture.root,
            scratch: fixture.scratch,
            password: "hunter2",
            largeFiles: storage
        )
        let address = "127.0.0.1:\(secret.port)"
        try await pushed(to: "http://builder:hunter2@\(address)/app")
        let seen = Mutex<[String: String]>([:])
        let other = try SocketServer { request in
            seen.withLock { $0 = request.headers }
            request.respond(200, body: Self.film)
        }
        let headers: JSONValue = ["Host": "inside", "Range": "bytes=0-1", "TE": "trailers", "X-Own": "1"]
        try storage.misbehave(["place": .string(other.url("/files/")), "headers": headers], in: "app")
        let mirrors = try fixture.mirrors { settings in
            settings.submodules = .trusted
            settings.credentials = [
                GitCredential(host: "http://\(address)", username: "builder", password: Redacted("hunter2"))
            ]
        }
        let revision = try await mirrors.fetch(GitSource(url: secret.url("app")), log: fixture.log)
        #expect(try await mirrors.text("film.bin", of: revision) == Self.film)
        let sent = seen.withLock { $0 }
        #expect(sent["x-own"] == "1" && sent["host"] == "127.0.0.1:\(other.port)", "\(sent)")
        #expect(sent["authorization"] == nil && sent["range"] == nil && sent["te"] == nil, "\(sent)")
    }

    @Test("a repository's own host is not asked within this node by its name, unless the operator lists it")
    func ownName() async throws {
        try await pushed()
        let source = GitSource(url: "http://localhost:\(server.port)/app")
        let failure = try await failure { try await fixture.mirrors().fetch(source, log: fixture.log) }
        #expect(failure.code.rawValue == "address_not_allowed", "\(failure)")
        let mirrors = try fixture.mirrors { $0.allowedHosts = ["localhost"] }
        let revision = try await mirrors.fetch(source, log: fixture.log)
        #expect(try await mirrors.text("film.bin", of: revision) == Self.film)
    }

    @Test("a Git LFS server that wants a credential where the repository wants none is named")
    func missingCredential() async throws {
        try await pushed()
        try storage.misbehave(["secret": true], in: "app")
        let failure = try await failure { try await fixture.mirrors().fetch(source(), log: fixture.log) }
        #expect(failure.code == .unauthorized)
        #expect(failure.message.hasPrefix("The Git LFS server: "), "\(failure)")
        #expect(failure.cause == "HTTP 401: who are you")
    }

    @Test(
        "they are refused or left as pointers where the configuration says so",
        arguments: [LargeFilePolicy.refuse, .keep]
    )
    func policy(policy: LargeFilePolicy) async throws {
        try await pushed()
        let mirrors = try fixture.mirrors { $0.largeFiles = policy }
        if policy == .keep {
            let revision = try await mirrors.fetch(source(), log: fixture.log)
            #expect(try await mirrors.text("film.bin", of: revision)?.contains(digest.description) == true)
            #expect(!revision.hasLargeFiles)
        } else {
            let failure = try await failure { try await mirrors.fetch(source(), log: fixture.log) }
            #expect(failure.code == .largeFilesRefused)
            #expect(failure.message.contains("'film.bin'") && failure.message.contains("git.lfs"))
        }
    }

    @Test(
        "links and redirects to other places are refused, unless the operator trusts all repositories",
        arguments: ["place", "redirect"]
    )
    func elsewhere(fault: String) async throws {
        try await pushed()
        let seen = Mutex<[String: String]>([:])
        let other = try SocketServer { request in
            seen.withLock { $0 = request.headers }
            request.respond(200, body: Self.film)
        }
        try storage.misbehave([fault: .string(other.url("/inside/"))], in: "app")
        let failure = try await failure { try await fixture.mirrors().fetch(source(), log: fixture.log) }
        #expect(failure.code == .hostNotAllowed)
        #expect(
            failure.message.contains("127.0.0.1:\(other.port)") && failure.message.contains("git.allowedHosts"),
            "\(failure)"
        )
        #expect(other.requests.isEmpty)
        let trusting = try fixture.mirrors { $0.submodules = .trusted }
        let revision = try await trusting.fetch(source(), log: fixture.log)
        #expect(try await trusting.text("film.bin", of: revision) == Self.film)
        #expect(other.requests.count == 1)
        // What the server gave with its link is for the place of the link alone.
        let header = seen.withLock { $0["x-link"] }
        #expect((header != nil) == (fault == "place"))
    }

    @Test(
        "links, redirects and servers whose names lead inside are refused, also where the names are allowed",
        arguments: ["place", "redirect", ".lfsconfig"]
    )
    func inside(way: String) async throws {
        let repository = try await pushed()
        if way == ".lfsconfig" {
            try await repository.commit([".lfsconfig": "[lfs]\n\turl = http://files.localhost/lfs\n"])
        } else {
            try storage.misbehave([way: "http://files.localhost/"], in: "app")
        }
        // libcurl takes such names for loopback by itself: RFC 6761, section 6.3.
        let mirrors = try fixture.mirrors { $0.allowedHosts = ["127.0.0.1", "*.localhost"] }
        let failure = try await failure { try await mirrors.fetch(source(), log: fixture.log) }
        #expect(failure.code.rawValue == "address_not_allowed", "\(failure)")
    }

    @Test("a link without end is given up")
    func endless() async throws {
        try await pushed()
        let link = "/app.git/info/lfs/storage/\(digest.hex)?n=\(storage.questions("app") + 1)"
        try storage.misbehave(["redirect": .string(link)], in: "app")
        let failure = try await failure { try await fixture.mirrors().fetch(source(), log: fixture.log) }
        #expect(failure.code == .redirected, "\(failure)")
        #expect(failure.message.contains("'film.bin'") && failure.message.contains("more than 5 times"), "\(failure)")
    }

    @Test(
        "a server that .lfsconfig names is asked as a submodule's would be: without credentials, on allowed hosts alone"
    )
    func configured() async throws {
        let repository = try await pushed()
        try await pushed(["film.bin": Self.film], name: "other")
        try await Command.output(["rm", storage.path(of: digest, in: "app")])
        try await repository.commit([".lfsconfig": "[lfs]\n\turl = \(server.url("other.git/info/lfs"))\n"])
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source(), log: fixture.log)
        #expect(try await mirrors.text("film.bin", of: revision) == Self.film)
        try await repository.commit([".lfsconfig": "[lfs]\n\turl = http://localhost:1/lfs\n", "new.bin": "new"])
        let failure = try await failure { try await mirrors.fetch(source(), log: fixture.log) }
        #expect(failure.code == .hostNotAllowed, "\(failure)")
    }

    @Test("only what is in the built directory is fetched")
    func rooted() async throws {
        try await pushed(["web/film.bin": Self.film, "other/lost.bin": "lost", "webby/lost.bin": "lost too"])
        for lost in ["lost", "lost too"] {
            try await Command.output(["rm", storage.path(of: Digest(of: lost), in: "app")])
        }
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source(root: "web"), log: fixture.log)
        #expect(try await mirrors.entries(of: revision).map(\.displayPath) == ["film.bin"])
        #expect(try await mirrors.text("film.bin", of: revision) == Self.film)
    }

    @Test("submodules have theirs from their own servers")
    func submodules() async throws {
        let lib = try await pushed(["film.bin": Self.film], name: "lib")
        let app = try await fixture.repository()
        try await app.commit([
            ".gitmodules": "[submodule \"l\"]\n\tpath = lib\n\turl = ../lib\n", "x.bin": "no pointer",
        ])
        try await app.git(
            "update-index",
            "--add",
            "--cacheinfo",
            "160000,\(try await lib.git("rev-parse", "HEAD")),lib"
        )
        try await app.git("commit", "-q", "-m", "Add lib")
        let mirrors = try fixture.mirrors()
        let revision = try await mirrors.fetch(source(), log: fixture.log)
        #expect(try await mirrors.text("lib/film.bin", of: revision) == Self.film)
        #expect(try await mirrors.text("x.bin", of: revision) == "no pointer")
        #expect(revision.submodules.map(\.hasLargeFiles) == [true])
    }

    @Test("more than a build may have is refused before anything is asked")
    func tooMuch() async throws {
        try await pushed()
        let before = storage.questions("app")
        let mirrors = try fixture.mirrors { $0.maximumBytes = Int64(Self.film.utf8.count - 1) }
        let failure = try await failure { try await mirrors.fetch(source(), log: fixture.log) }
        #expect(failure.code == .limitExceeded)
        #expect(failure.message.contains("'film.bin'") && failure.message.contains("git.maximumBytes"))
        #expect(storage.questions("app") == before)
    }

    @Test("a repository on this machine has them beside its objects")
    func file() async throws {
        let repository = try await pushed()
        let mirrors = try fixture.mirrors { $0.allowedSchemes.insert("file") }
        let source = GitSource(url: "file://\(repository.path)")
        let revision = try await mirrors.fetch(source, log: fixture.log)
        #expect(try await mirrors.text("film.bin", of: revision) == Self.film)
        try Directories.remove("\(repository.path)/.git/lfs/objects")
        try Directories.remove(fixture.scratch("mirrors"))
        let failure = try await failure {
            try await fixture.mirrors { $0.allowedSchemes.insert("file") }.fetch(source, log: fixture.log)
        }
        #expect(failure.code == .largeFileNotFound)
    }
}
