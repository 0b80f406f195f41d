import BuildModel
import Documents
import Platform
import TestSupport
import Testing

@Suite("Images from the command line")
struct ImageCommandTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private var environment: [String: String] { SlipwayProgram.environment(cache: scratch("cache")) }

    private func app() async throws -> GitRepository {
        let repository = try await GitRepository(at: scratch("app"))
        try await repository.commit(["main.py": "print('x')\n", "data/a.txt": "a"])
        return repository
    }

    private func slipway(_ words: String...) async throws -> CommandResult {
        try await SlipwayProgram.output(words, environment: environment)
    }

    private func build(to target: String) async throws -> [JSONValue] {
        let result = try await slipway("build", scratch("app"), "--output", target, "--explain", "-o", "json")
        return try JSONDocument.parse(result.output)["layers"]?.array ?? []
    }

    private func own(_ layers: [JSONValue], _ member: String) -> [String?] {
        layers.filter { $0["memo"]?.string != "base" }.map { $0[member]?.string }
    }

    @Test("a build explains each layer: made and uploaded, then remembered and there, then mounted")
    func explain() async throws {
        let repository = try await app()
        let registry = try await RegistryServer()
        let first = try await build(to: "docker://\(registry.host)/team/app:1")
        #expect(own(first, "memo").allSatisfy { $0 == "miss" })
        #expect(own(first, "way").allSatisfy { $0 == "uploaded" })
        #expect(first.contains { $0["memo"]?.string == "base" })
        for layer in first where layer["memo"]?.string != "base" {
            #expect(layer["uploadedBytes"] == layer["size"])
            let isSource = layer["comment"]?.string?.hasPrefix("source") == true
            #expect(layer["readBytes"]?.integer == (isSource ? 12 : 0), "the bytes of both files")
            #expect(layer["packedBytes"]?.integer ?? 0 >= 1024, "headers and ends too")
        }
        #expect(first.contains { $0["reason"]?.string?.contains("nothing of this part is remembered") == true })

        let again = try await build(to: "docker://\(registry.host)/team/app:2")
        #expect(again.map { $0["digest"] } == first.map { $0["digest"] })
        #expect(again.contains { $0["memo"]?.string == "hit" && $0["memory"] == "node" })
        #expect(again.allSatisfy { $0["way"]?.string == "there already" && $0["uploadedBytes"]?.integer == 0 })

        let other = try await build(to: "docker://\(registry.host)/team/other:1")
        #expect(other.allSatisfy { $0["way"]?.string != "uploaded" }, "\(other.map { $0["way"] })")

        try await repository.commit(["data/a.txt": "b"])
        let text = try await slipway(
            "build",
            scratch("app"),
            "--output",
            "docker://\(registry.host)/team/app:3",
            "--explain"
        ).text
        #expect(text.contains("made: changed since it was last made: tree, "), "\(text)")
        let layout = "oci:\(scratch("layout")):small"
        let words = ["build", scratch("app"), "--output", layout, "--layers-compression", "small", "-o", "json"]
        let small = try await SlipwayProgram.output(words, environment: environment)
        let codec = try JSONDocument.parse(small.output)["layers"]?.array?.compactMap { $0["differs"]?.array } ?? []
        #expect(codec.contains(["codec"]), "\(codec)")
        try await repository.commit([".dockerignore": "data\n"])
        let ignored = try await build(to: "oci:\(scratch("layout")):ignored")
        #expect(ignored.contains { $0["differs"] == ["codec", "rules", "tree"] }, "\(ignored.map { $0["differs"] })")
        #expect(text.contains(" uploaded"))
        #expect(text.contains("there already"))
    }

    @Test("a remembered layer that a registry lacks is sent while it is made: no file has a byte of it")
    func streamed() async throws {
        let repository = try await GitRepository(at: scratch("app"))
        let text = (0..<400_000).map { String($0 &* 2_654_435_761 % 99_991) }.joined(separator: "\n")
        try await repository.commit(["main.py": "print('x')\n", "data.txt": text])
        let (first, second) = (try await RegistryServer(), try await RegistryServer())
        let made = try await spooled("docker://\(first.host)/team/app:1")
        let remade = try await spooled("docker://\(second.host)/team/app:1")
        #expect(made > 500_000, "the first time the layer is in a file")
        #expect(remade == 0)
        #expect(second.requests.filter { $0.hasPrefix("PATCH") }.isEmpty)
        for registry in [first, second] {
            _ = try await slipway("inspect", "docker://\(registry.host)/team/app:1", "--verify")
        }
    }

    /// Builds, and returns how many bytes were written to files without a name.
    private func spooled(_ target: String) async throws -> Int {
        let trace = scratch("trace-\(UInt32.random(in: 0 ... .max))")
        let build = [SlipwayProgram.path, "build", scratch("app"), "--output", target]
        let words = ["strace", "-f", "-y", "-o", trace, "-e", "trace=pwrite64"] + build
        try await Command.output(words, environment: environment)
        let lines = String(decoding: try Files.read(trace, limit: 64 << 20), as: UTF8.self).split(separator: "\n")
        return lines.filter { $0.contains("/cache/spool/") }.reduce(0) { sum, line in
            sum + (line.split(separator: "=").last.flatMap { Int($0.drop { $0 == " " }) } ?? 0)
        }
    }

    @Test(
        "layers of zstd are for whoever asks, and for registries that take them; podman pulls what gzip would give it"
    )
    func zstd() async throws {
        _ = try await app()
        let registry = try await RegistryServer()
        let plain = try await build(to: "docker://\(registry.host)/plain/app:1")
        let target = "docker://\(registry.host)/zstd/app:1"
        try await SlipwayProgram.output(
            ["build", scratch("app"), "--output", target],
            environment: environment.merging(["SLIPWAY_REGISTRIES_ZSTD": "\(registry.host)/zstd"]) { $1 }
        )
        _ = try await slipway(
            "build",
            scratch("app"),
            "--output",
            "oci:\(scratch("layout")):app",
            "--layer-format",
            "zstd"
        )
        for place in [target, "oci:\(scratch("layout")):app"] {
            let seen = try JSONDocument.parse(try await slipway("inspect", place, "--verify", "-o", "json").output)
            #expect(seen["checks"]?.array?.allSatisfy { $0["problem"] == .null } == true)
            let types = seen["layers"]?.array?.compactMap { $0["mediaType"]?.string } ?? []
            #expect(types.count == plain.count)
            #expect(types.last == "application/vnd.oci.image.layer.v1.tar+zstd", "\(types)")
        }
        let podman = try Podman()
        do {
            var listings: [[String]] = []
            for name in ["plain", "zstd"] {
                let image = "\(registry.host)/\(name)/app:1"
                try await podman.pull(image)
                let root = try await podman.mount(image)
                listings.append(try await TreeListing.lines(of: root + "/app"))
            }
            #expect(listings[0] == listings[1])
            #expect(listings[0].count > 3)
        } catch {
            try await podman.remove()
            throw error
        }
        try await podman.remove()
        try await Command.output([
            "skopeo", "copy", "--quiet", "--src-tls-verify=false", target, "dir:\(scratch("back"))",
        ])
    }

    @Test("an image in a registry is inspected and verified; one that is not there is said to be missing")
    func inspectRegistry() async throws {
        _ = try await app()
        let registry = try await RegistryServer()
        let target = "docker://\(registry.host)/team/app:1"
        let layers = try await build(to: target)
        let seen = try JSONDocument.parse(try await slipway("inspect", target, "--verify", "-o", "json").output)
        #expect(seen["layers"]?.array?.map { $0["digest"] } == layers.map { $0["digest"] })
        #expect(seen["checks"]?.array?.allSatisfy { $0["problem"] == .null } == true)
        let text = try await slipway("inspect", target).text
        #expect(text.contains("source at"))
        let missing = try await SlipwayProgram.result(
            ["inspect", "docker://\(registry.host)/team/app:none"],
            environment: environment
        )
        #expect(missing.status != 0)
        #expect(missing.errorText.contains("The repository has no such tag or digest"), "\(missing.errorText)")
    }

    @Test("archives are written and read as skopeo reads and writes them")
    func archive() async throws {
        _ = try await app()
        let archive = "oci-archive:\(scratch("image.tar")):app"
        let layers = try await build(to: archive)
        try await Command.output(["skopeo", "copy", "--quiet", archive, "oci:\(scratch("seen")):app"])
        let digests = try await digests("oci:\(scratch("seen")):app")
        #expect(digests == layers.map { $0["digest"]?.string })
        #expect(try await self.digests(archive) == digests)

        try await Command.output([
            "skopeo", "copy", "--quiet", "oci:\(scratch("seen")):app", "oci-archive:\(scratch("theirs.tar")):t",
        ])
        _ = try await slipway("inspect", "oci-archive:\(scratch("theirs.tar")):t", "--verify")
        _ = try await slipway("copy", "oci-archive:\(scratch("theirs.tar")):t", "oci:\(scratch("back")):t")
        #expect(try await self.digests("oci:\(scratch("back")):t") == digests)
        #expect(try Directories.list(scratch("cache/spool")).filter { $0.hasPrefix("archive-") } == [])
    }

    @Test("a layout is written where the file system has no locks; a lock that fails otherwise is told at once")
    func withoutLocks() async throws {
        _ = try await app()
        let layout = scratch("layout")
        func build(_ tag: String, flock error: String) async throws -> CommandResult {
            let lock = ["-P", "\(layout)/.slipway-lock", "-e", "trace=flock", "-e", "inject=flock:error=\(error)"]
            return try await Command.result(
                ["strace", "-f", "-o", scratch("trace-\(tag)")] + lock + [
                    SlipwayProgram.path, "build", scratch("app"), "--output", "oci:\(layout):\(tag)",
                ],
                environment: environment
            )
        }
        for tag in ["a", "b"] {
            let result = try await build(tag, flock: "EOPNOTSUPP")
            #expect(result.succeeded, "\(result.errorText)")
            #expect(String(decoding: try Files.read(scratch("trace-\(tag)")), as: UTF8.self).contains("INJECTED"))
            _ = try await slipway("inspect", "oci:\(layout):\(tag)", "--verify")
        }
        #expect(!Files.exists("\(layout)/.slipway-lock"))
        let failed = try await build("c", flock: "EIO")
        #expect(failed.status != 0 && failed.errorText.contains("Cannot lock '\(layout)"), "\(failed.errorText)")
        _ = try await slipway("inspect", "oci:\(layout):b", "--verify")
    }

    @Test("what is no archive of a layout is told", arguments: ["", "no tar at all", "gzip"])
    func noArchive(content: String) async throws {
        try scratch.write(content == "gzip" ? String(repeating: "\u{1f}", count: 2000) : content, to: "odd.tar")
        let result = try await SlipwayProgram.result(
            ["inspect", "oci-archive:\(scratch("odd.tar")):t"],
            environment: environment
        )
        #expect(result.status != 0)
        #expect(result.errorText.contains("odd.tar"), "\(result.errorText)")
    }

    private func digests(_ image: String) async throws -> [String?] {
        let seen = try JSONDocument.parse(try await slipway("inspect", image, "-o", "json").output)
        return seen["layers"]?.array?.map { $0["digest"]?.string } ?? []
    }
}
