import BuildModel
import Documents
import Platform
import TestSupport
import Testing

@Suite("A build at a terminal")
struct LocalBuildTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private var environment: [String: String] { SlipwayProgram.environment(cache: scratch("cache")) }

    private func app() async throws -> GitRepository {
        let repository = try await GitRepository(at: scratch("app"))
        try await repository.commit(["main.py": "print('x')\n", "data/α.txt": "ü", "data/empty": ""])
        return repository
    }

    private func build(_ tag: String, through words: [String] = [], more: [String: String] = [:]) async throws
        -> JSONValue
    {
        let result = try await Command.output(
            words + [
                SlipwayProgram.path, "build", scratch("app"), "--output", "oci:\(scratch("layout")):\(tag)", "-o",
                "json",
            ],
            environment: environment.merging(more) { $1 }
        )
        return try JSONDocument.parse(result.text)
    }

    @Test("is the same image under another time zone, umask, locale, number of cores and clock")
    func determinism() async throws {
        _ = try await app()
        let plain = try await build("a")
        let digest = try #require(plain["digest"]?.string)
        let variations: [(words: [String], environment: [String: String])] = [
            ([], ["TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8"]),
            (["sh", "-c", "umask 077; exec \"$@\"", "sh"], ["LC_ALL": "C"]),
            (["taskset", "-c", "0"], ["SLIPWAY_LAYERS_THREADS": "1"]),
            ([], ["SLIPWAY_LAYERS_THREADS": "7", "SLIPWAY_CACHE_DIRECTORY": scratch("other-cache")]),
            (["faketime", "1999-12-31 23:59:59"], [:]),
        ]
        for (index, variation) in variations.enumerated() {
            let again = try await build("v\(index)", through: variation.words, more: variation.environment)
            #expect(again["digest"]?.string == digest, "\(variation)")
        }
    }

    @Test("makes a layout that umoci unpacks, with the files of the commit and a command that starts it")
    func layout() async throws {
        let repository = try await app()
        let result = try await build("app")
        #expect(result["commit"]?.string == (try await repository.git("rev-parse", "HEAD")))
        try await Command.output([
            "umoci", "unpack", "--rootless", "--image", "\(scratch("layout")):app", scratch("bundle"),
        ])
        #expect(try Files.read(scratch("bundle/rootfs/app/data/α.txt")) == Array("ü".utf8))
        let config = try JSONDocument.parse(try Files.read(scratch("bundle/config.json")))
        #expect(config["process"]?["args"] == ["python", "main.py"])
        #expect(config["process"]?["user"]?["uid"] == 65532)
    }

    @Test("builds the commit and says so when there are uncommitted changes; without git, the directory as it is")
    func uncommitted() async throws {
        let repository = try await app()
        let clean = try await build("a")
        try scratch.write("changed", to: "app/main.py")
        let result = try await SlipwayProgram.result(
            ["build", repository.path, "--output", "oci:\(scratch("layout")):b", "-o", "json"],
            environment: environment
        )
        #expect(result.errorText.contains("uncommitted changes"))
        #expect(try JSONDocument.parse(result.text)["digest"] == clean["digest"])
        try scratch.write("print('plain')\n", to: "plain/main.py")
        try await SlipwayProgram.output(
            ["build", scratch("plain"), "--output", "oci:\(scratch("layout")):c"],
            environment: environment
        )
        try await Command.output([
            "umoci", "unpack", "--rootless", "--image", "\(scratch("layout")):c", scratch("plain-bundle"),
        ])
        #expect(try Files.read(scratch("plain-bundle/rootfs/app/main.py")) == Array("print('plain')\n".utf8))
    }

    @Test("without git, has modes, empty directories, attributes and names of one file in its image; refuses sockets")
    func outsideGit() async throws {
        try scratch.write("print('x')\n", to: "plain/main.py")
        try scratch.write("key", to: "plain/key", mode: 0o600)
        let more = "import os; os.setxattr('main.py', 'user.k', b'v')"
        try await Command.output(
            ["sh", "-c", "ln main.py twin.py && mkdir none && chmod 2770 none && python3 -c \"\(more)\""],
            in: scratch("plain")
        )
        let words = ["build", scratch("plain"), "--output"]
        let result = try await SlipwayProgram.result(
            words + ["oci:\(scratch("layout")):a"],
            environment: environment
        )
        #expect(result.succeeded, "\(result.errorText)")
        let manifest = try await Command.output(["skopeo", "inspect", "--raw", "oci:\(scratch("layout")):a"])
        let digests = try JSONDocument.parse(manifest.text)["layers"]?.array?.compactMap { $0["digest"]?.string } ?? []
        let layer = scratch("layout/blobs/\(digests.last?.replacing(":", with: "/") ?? "none")")
        let listed = try await Command.output(["tar", "-tvzf", layer]).text
        // Owned by root, and the app is somebody else.
        #expect(!listed.contains("-rw-------"), "\(listed)")
        #expect(listed.contains("drwxr-sr-x") && listed.contains("app/none/"))
        #expect(listed.contains("app/twin.py link to app/main.py"))
        #expect(try await Command.output(["gzip", "-dc"], input: try Files.read(layer)).text.contains("user.k=v"))
        let bind = "import socket; socket.socket(1).bind('a.sock')"
        try await Command.output(["python3", "-c", bind], in: scratch("plain"))
        let refused = try await SlipwayProgram.result(words + ["oci:\(scratch("layout")):b"], environment: environment)
        #expect(!refused.succeeded && refused.errorText.contains("plain/a.sock"), "\(refused.errorText)")
    }

    @Test("removes kept copies of directories that nobody builds any more, once a day", arguments: ["build", "plan"])
    func collecting(verb: String) async throws {
        try scratch.write("print('x')\n", to: "plain/main.py")
        let git = scratch("cache/git")
        func run() async throws {
            let words = verb == "build" ? ["--output", "oci:\(scratch("layout")):a"] : []
            try await SlipwayProgram.output([verb, scratch("plain")] + words, environment: environment)
        }
        func leave(_ name: String, since when: String) async throws -> String {
            let path = "\(git)/\(name)-directory.git"
            try Directories.create("\(path)/objects/pack")
            try await Command.output(["touch", "-d", when, path, "\(path)/objects/pack"])
            return path
        }
        let (old, used) = (try await leave("old", since: "40 days ago"), try await leave("used", since: "20 days ago"))
        try await run()
        #expect(!Directories.exists(old) && Directories.exists(used))
        let other = try await leave("other", since: "40 days ago")
        try await run()
        #expect(Directories.exists(other), "a second time on one day")
        try await Command.output(["touch", "-d", "2 days ago", "\(git)/collected"])
        try await run()
        #expect(!Directories.exists(other) && Directories.exists(used))
        let kept = try Directories.list(git).filter { $0.hasSuffix("-directory.git") }
        #expect(kept.count == (verb == "build" ? 2 : 1), "what was just built stays")
    }

    @Test("without git, leaves a cache within the directory out and says so, so that the next build finds nothing new")
    func cacheWithin() async throws {
        try scratch.write("print('x')\n", to: "plain/main.py")
        let inside = SlipwayProgram.environment(cache: scratch("plain/.cache"))
        let told = "plain/.cache' lies in what is built and is left out"
        var digests: [String?] = []
        for (tag, environment, isInside) in [("a", environment, false), ("b", inside, true), ("c", inside, true)] {
            let result = try await SlipwayProgram.result(
                ["build", scratch("plain"), "--output", "oci:\(scratch("layout")):\(tag)", "-o", "json"],
                environment: environment
            )
            #expect(result.succeeded, "\(result.errorText)")
            let lines = result.errorText.split(separator: "\n").filter { $0.contains(told) }
            #expect(lines.count == (isInside ? 1 : 0), "\(result.errorText)")
            digests.append(try JSONDocument.parse(result.text)["digest"]?.string)
        }
        #expect(digests[0] != nil && digests.allSatisfy { $0 == digests[0] }, "\(digests)")
    }

    @Test("leaves nothing temporary behind, however it ends, and says nothing of this machine in the image")
    func leftovers() async throws {
        try Directories.create(scratch("tmp"))
        try scratch.write("print('x')\n", to: "plain/main.py")
        try scratch.write("nothing to see", to: "odd/data.bin")
        let more = environment.merging(["TMPDIR": scratch("tmp")]) { $1 }
        for _ in 0..<5 {
            let failed = try await SlipwayProgram.result(["plan", scratch("odd")], environment: more)
            #expect(failed.status == 65)
        }
        try await SlipwayProgram.output(
            ["build", scratch("plain"), "--output", "oci:\(scratch("layout")):app"],
            environment: more
        )
        #expect(try Directories.list(scratch("tmp")).isEmpty)
        let found = try await Command.result(["grep", "-rl", scratch.path, scratch("layout")])
        #expect(found.text.isEmpty, "the image names a path of this machine")
    }

    @Test("ended by a signal removes what it had begun")
    func interrupted() async throws {
        try Directories.create(scratch("tmp"))
        try scratch.write("print('x')\n", to: "plain/main.py")
        for number in 0..<200 {
            try scratch.write(String(repeating: "\(number)", count: 50_000), to: "plain/data/\(number)")
        }
        let more = environment.merging(["TMPDIR": scratch("tmp")]) { $1 }
        let words = ["build", scratch("plain"), "--output", "oci:\(scratch("layout")):app"]
        let result = try await Command.result(
            ["timeout", "--signal=INT", "--preserve-status", "0.2", SlipwayProgram.path] + words,
            environment: more
        )
        #expect([0, 130].contains(result.status), "\(result.status) \(result.errorText)")
        #expect(try Directories.list(scratch("tmp")).isEmpty)
    }

    @Test("has the files of Git LFS and of submodules in its image, by URL and by path alike")
    func elsewhere() async throws {
        let storage = try LargeFileStorage(scratch)
        let git = try await GitHTTPServer(root: scratch.path, scratch: scratch, largeFiles: storage)
        let film = String(repeating: "film ", count: 100_000)
        let lib = try await GitRepository(at: scratch("lib"))
        let repository = try await GitRepository(at: scratch("app"))
        for each in [lib, repository] { try await each.git("lfs", "install", "--local", "--skip-repo") }
        let attributes = "*.bin filter=lfs -text\n"
        let commit = try await lib.commit(["lib.txt": "lib", "clip.bin": "clip", ".gitattributes": attributes])
        try await repository.commit([
            "main.py": "print('x')\n", "film.bin": film, ".gitattributes": attributes,
            ".gitmodules": "[submodule \"lib\"]\n\tpath = lib\n\turl = ../lib\n",
        ])
        try await repository.git("update-index", "--add", "--cacheinfo", "160000,\(commit),lib")
        try await repository.git("commit", "-q", "-m", "Add lib")
        for (name, each) in [("lib", lib), ("app", repository)] {
            try await each.git("remote", "add", "lfs", git.url(name))
            try await each.git("config", "lfs.locksverify", "false")
            try await each.git("lfs", "push", "--all", "lfs")
        }
        var layers: Set<String> = []
        for (number, place) in [git.url("app"), repository.path].enumerated() {
            try await SlipwayProgram.output(
                ["build", place, "--output", "oci:\(scratch("layout")):\(number)", "--layers-attributes", "refuse"],
                environment: environment
            )
            try await Command.output([
                "umoci", "unpack", "--rootless", "--image", "\(scratch("layout")):\(number)",
                scratch("bundle\(number)"),
            ])
            let root = scratch("bundle\(number)/rootfs/app")
            #expect(try Files.read("\(root)/film.bin") == Array(film.utf8))
            #expect(try Files.read("\(root)/lib/lib.txt") == Array("lib".utf8))
            #expect(try Files.read("\(root)/lib/clip.bin") == Array("clip".utf8))
            let manifest = try await Command.output(
                ["skopeo", "inspect", "--raw", "oci:\(scratch("layout")):\(number)"]
            )
            let layer = try JSONDocument.parse(manifest.text)["layers"]?.array?.last
            layers.insert(try #require(layer?["digest"]?.string))
        }
        #expect(layers.count == 1, "\(layers)")
        let kept = try await SlipwayProgram.result(
            ["build", repository.path, "--output", "oci:\(scratch("layout")):kept", "--git-lfs", "keep"],
            environment: environment
        )
        #expect((kept.text + kept.errorText).contains("the image has 2 pointers"), "\(kept.text) \(kept.errorText)")
    }

    @Test("attributes above the root directory are told at every build, and refused where that is asked for")
    func attributesAbove() async throws {
        let repository = try await GitRepository(at: scratch("app"))
        try await repository.commit([
            "web/main.py": "print('x')\n", ".gitattributes": "*.py ident\napi/* export-subst\n",
        ])
        func build(_ arguments: [String]) async throws -> (succeeded: Bool, log: String) {
            let output = ["--output", "oci:\(scratch("layout")):app"]
            let result = try await SlipwayProgram.result(
                ["build", repository.path, "--root", "web"] + output + arguments,
                environment: environment
            )
            return (result.succeeded, result.text + result.errorText)
        }
        for _ in 0..<2 {
            let result = try await build([])
            #expect(result.succeeded && result.log.contains("'.gitattributes', *.py: 'ident'"), "\(result.log)")
            #expect(!result.log.contains("export-subst"))
        }
        let refused = try await build(["--layers-attributes", "refuse"])
        #expect(!refused.succeeded && refused.log.contains("'.gitattributes', *.py"), "\(refused.log)")
        try await repository.commit(["api/main.py": "print('y')\n"])
        let beside = try await build([])
        #expect(beside.succeeded && beside.log.contains("'.gitattributes', *.py: 'ident'"), "\(beside.log)")
        try await repository.commit([".gitattributes": "web/* export-subst\n"])
        let above = try await build([])
        #expect(above.log.contains("'.gitattributes', web/*: 'export-subst'"), "\(above.log)")
        #expect(!above.log.contains("'ident'"), "\(above.log)")
    }

    @Test("takes no more memory for a layer of 4 GiB than for small ones")
    func memory() async throws {
        let repository = try await GitRepository(at: scratch("app"))
        try await repository.commit(["main.py": "print('x')\n"])
        try await Command.output(["truncate", "-s", "256M", scratch("large")])
        let blob = try await repository.git("-c", "core.compression=1", "hash-object", "-w", scratch("large"))
        for number in 1...16 {
            _ = try await repository.git("update-index", "--add", "--cacheinfo", "100644,\(blob),\(number).bin")
        }
        _ = try await repository.git("commit", "--quiet", "-m", "large files")
        let peak = try await peak(of: repository, ["SLIPWAY_LAYERS_MAXIMUM": "1"])
        #expect(peak < 128 << 10, "\(peak) KiB")
    }

    /// The most memory that a build had, in KiB.
    private func peak(of repository: GitRepository, _ more: [String: String] = [:]) async throws -> Int64 {
        // Of all children that were waited for.
        let measure = """
            import resource, subprocess, sys
            subprocess.run(sys.argv[1:], check=True, stdout=sys.stderr)
            print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
            """
        let build = [SlipwayProgram.path, "build", repository.path, "--output", "oci:\(scratch("layout")):large"]
        // The bound is that of machines with few processors: with many more, more is under way.
        let all = environment.merging(["SLIPWAY_LAYERS_THREADS": "2"]) { $1 }.merging(more) { $1 }
        let result = try await Command.output(["python3", "-c", measure] + build, environment: all)
        return try #require(result.lines.last.flatMap(Int64.init))
    }

    @Test("takes no more memory for many files out of one pack, whose bytes cannot be packed smaller")
    func memoryOfMany() async throws {
        let repository = try await GitRepository(at: scratch("app"))
        try scratch.write(Self.manyFiles, to: "many.py")
        let stream = "python3 '\(scratch("many.py"))' | git -c core.compression=0 fast-import --quiet"
        try await Command.output(["bash", "-o", "pipefail", "-c", stream], in: repository.path)
        let peak = try await peak(of: repository)
        #expect(peak < 128 << 10, "\(peak) KiB")
    }

    /// Writes a commit with 12,000 files of 8 KiB, 16 of 4 MiB, 8 of 8 MiB, the most that is held whole, and 6 of nearly 16 MiB, as
    /// git-fast-import(1) reads it: 320 MiB of noise.
    private static let manyFiles = """
        import os, sys
        out = sys.stdout.buffer
        def data(content): out.write(b"data %d\\n" % len(content) + content + b"\\n")
        files = [("main.py", b"print('x')\\n")]
        files += [("d%d/f%d" % (n % 300, n), 8 << 10) for n in range(12000)]
        files += [("large/f%d" % n, 4 << 20) for n in range(16)]
        files += [("larger/f%d" % n, 8 << 20) for n in range(8)]
        files += [("largest/f%d" % n, (16 << 20) - 1) for n in range(6)]
        for mark, (path, content) in enumerate(files, 1):
            out.write(b"blob\\nmark :%d\\n" % mark)
            data(os.urandom(content) if isinstance(content, int) else content)
        out.write(b"commit refs/heads/main\\ncommitter x <x@example.org> 0 +0000\\n")
        data(b"one")
        for mark, (path, content) in enumerate(files, 1): out.write(b"M 100644 :%d %s\\n" % (mark, path.encode()))
        """

    @Test("pushes to a registry, with the base's layers")
    func push() async throws {
        _ = try await app()
        let registry = try await RegistryServer()
        let image = "\(registry.host)/team/app:1"
        try await SlipwayProgram.output(
            ["build", scratch("app"), "--output", "docker://\(image)"],
            environment: environment
        )
        try await Command.output(
            ["skopeo", "copy", "--quiet", "--src-tls-verify=false", "docker://\(image)", "oci:\(scratch("back")):app"]
        )
        try await Command.output([
            "umoci", "unpack", "--rootless", "--image", "\(scratch("back")):app", scratch("bundle"),
        ])
    }

    @Test("a plan says language, evidence and start command, from a path and from a URL alike")
    func plan() async throws {
        let repository = try await app()
        let git = try await GitHTTPServer(root: scratch.path, scratch: scratch)
        var digests: Set<String> = []
        for place in [repository.path, git.url("app")] {
            let result = try await SlipwayProgram.output(["plan", place, "-o", "json"], environment: environment)
            let plan = try JSONDocument.parse(result.text)
            #expect(plan["language"] == "python")
            #expect(plan["start"]?["arguments"] == ["python", "main.py"])
            #expect(plan["start"]?["source"]?.string?.contains("main.py") == true)
            #expect(plan["candidates"]?.array?.first?["evidence"]?.array?.first?["file"] == "main.py")
            digests.insert(plan["planDigest"]?.string ?? "none")
        }
        #expect(digests.count == 1)
    }
}
