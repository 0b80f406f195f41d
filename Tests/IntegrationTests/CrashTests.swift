import BuildModel
import Documents
import ImageBuild
import Platform
import TestSupport
import Testing

/// The program is killed at each call that changes what others read: strace counts the calls and sends the signal.
@Suite("A program that is killed while it writes")
struct CrashTests {
    private static let mostCalls = 80

    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private var environment: [String: String] { SlipwayProgram.environment(cache: scratch("cache")) }

    /// Runs the program until its call number `number` of some kinds, if any of its threads comes so far.
    ///
    /// - Parameter file: calls that have to do with other files do not count.
    private func run(
        _ words: [String],
        killedAt number: Int,
        of calls: String,
        on file: String? = nil,
        environment: [String: String]? = nil
    ) async throws -> CommandResult {
        let filter = file.map { ["-P", $0] } ?? []
        let trace = ["-e", "trace=\(calls)", "-e", "inject=\(calls):signal=KILL:when=\(number)"]
        return try await Command.result(
            ["strace", "-f", "-o", scratch("trace")] + filter + trace + [SlipwayProgram.path] + words,
            environment: environment ?? self.environment
        )
    }

    @Test("leaves a layout that holds what it held before, or that and the new image, and the next one ends the work")
    func layout() async throws {
        let (made, before, target) = (scratch("made"), scratch("before"), scratch("target"))
        try await image("old")
        try await slipway(["copy", "oci:\(made):old", "oci:\(before):old"])
        try await image("new")
        for number in 1...Self.mostCalls {
            if Directories.exists(target) { try Directories.remove(target) }
            try await Command.output(["cp", "-a", before, target])
            let copy = ["copy", "oci:\(made):new", "oci:\(target):new"]
            let result = try await run(copy, killedAt: number, of: "write,rename,linkat,fsync,mkdir,fchmod")
            try await expectSound(target, "old")
            if result.status == 0 {
                try await expectSound(target, "new")
                #expect(number > 6, "nothing was killed")
                return
            }
            #expect(result.status == 137, "\(result.errorText)")
            if (try? await LayoutContents(opening: target).manifest(named: "new")) != nil {
                try await expectSound(target, "new")
            }
            try await slipway(copy)
            try await expectSound(target, "new")
        }
        Issue.record("the program was killed \(Self.mostCalls) times and never came to its end")
    }

    @Test("leaves no layout, or one that others can read, where there was none")
    func newLayout() async throws {
        try await image("new")
        let target = scratch("target")
        let copy = ["copy", "oci:\(scratch("made")):new", "oci:\(target):new"]
        for number in 1...Self.mostCalls {
            if Directories.exists(target) { try Directories.remove(target) }
            let result = try await run(copy, killedAt: number, of: "write,rename,linkat,fsync,mkdir,fchmod,unlink")
            if Files.exists("\(target)/oci-layout") { try await Command.output(["umoci", "ls", "--layout", target]) }
            if result.status == 0 {
                try await expectSound(target, "new")
                #expect(number > 6, "nothing was killed")
                return
            }
            #expect(result.status == 137, "\(result.errorText)")
            try await slipway(copy)
            try await expectSound(target, "new")
        }
        Issue.record("the program was killed \(Self.mostCalls) times and never came to its end")
    }

    @Test("leaves the archive that was there, if any, or the new one, whole", arguments: [false, true])
    func archive(isThere: Bool) async throws {
        for tag in ["old", "new"] {
            try await image(tag)
            try await slipway(["copy", "oci:\(scratch("made")):\(tag)", "oci-archive:\(scratch(tag)).tar:\(tag)"])
        }
        let (target, new) = (scratch("target.tar"), try Files.read(scratch("new.tar")))
        let old = isThere ? try Files.read(scratch("old.tar")) : nil
        let copy = ["copy", "oci:\(scratch("made")):new", "oci-archive:\(target):new"]
        for number in 1...Self.mostCalls {
            if Files.exists(target) { try Files.remove(target) }
            if let old { try Files.writeAtomically(old, to: target) }
            let result = try await run(copy, killedAt: number, of: "write,rename,fsync,fchmod")
            let left = Files.exists(target) ? try Files.read(target) : nil
            #expect(left == new || result.status != 0 && left == old, "call \(number)")
            if result.status == 0 {
                #expect(number > 6, "nothing was killed")
                return
            }
            #expect(result.status == 137, "\(result.errorText)")
        }
        Issue.record("the program was killed \(Self.mostCalls) times and never came to its end")
    }

    @Test("leaves a memory of layers that makes the next build the same image")
    func memo() async throws {
        let repository = try await GitRepository(at: scratch("app"))
        try await repository.commit([
            "main.py": "print('x')\n", "data.txt": String(repeating: "data\n", count: 300_000),
        ])
        let build = ["build", repository.path, "--output", "oci:\(scratch("layout")):app", "-o", "json"]
        let digest = try await digest(slipway(build))
        for number in 1...Self.mostCalls {
            if Directories.exists(scratch("cache/layers")) { try Directories.remove(scratch("cache/layers")) }
            let result = try await run(
                build,
                killedAt: number,
                of: "write,flock",
                on: scratch("cache/layers/layers.journal")
            )
            if result.status == 0 {
                #expect(number > 1, "nothing was killed")
                return
            }
            #expect(result.status == 137, "\(result.errorText)")
            #expect(try await self.digest(slipway(build)) == digest)
        }
        Issue.record("the program was killed \(Self.mostCalls) times and never came to its end")
    }

    @Test("leaves kept members of which none is ever taken for what it is not")
    func members() async throws {
        let repository = try await GitRepository(at: scratch("app"))
        var files = ["main.py": "print('x')\n"]
        for number in 0..<60 { files["data/\(number).txt"] = Self.text(of: number) }
        try await repository.commit(files)
        let more = environment.merging(["SLIPWAY_LAYERS_THREADS": "1"]) { $1 }
        let build = ["build", repository.path, "--output", "oci:\(scratch("layout")):app", "-o", "json"]
        let members = scratch("cache/layers/members")
        func built() async throws -> String? {
            try Files.remove(scratch("cache/layers/layers.journal"))
            return try await digest(SlipwayProgram.output(build, environment: more))
        }
        let expected = try await built()
        let kept = try Directories.list(members)
        #expect(kept.count > 5)
        for call in ["write", "rename"] {
            // Each thread counts its own calls, and the first that comes so far ends the program. There are more members than other
            // threads have calls, so that it ends before the first bytes of one, before its other bytes, and before it gets its name.
            for number in 1...Self.mostCalls {
                try Directories.remove(members)
                try Files.remove(scratch("cache/layers/layers.journal"))
                let result = try await run(build, killedAt: number, of: call, environment: more)
                #expect([0, 137].contains(result.status), "\(result.errorText)")
                #expect(try await built() == expected, "\(call) \(number)")
                if result.status == 0 {
                    #expect(number > 1, "nothing was killed")
                    break
                }
            }
        }
        #expect(Set(try Directories.list(members)).isSuperset(of: kept))
    }

    private static func text(of seed: Int) -> String {
        (0..<12_000).map { String(($0 &* 7919 &+ seed) &* 2_654_435_761 % 99_991) }.joined(separator: "\n")
    }

    private func digest(_ result: CommandResult) throws -> String? {
        try JSONDocument.parse(result.output)["digest"]?.string
    }

    /// Whether an image of a layout is there, whole.
    private func expectSound(_ layout: String, _ tag: String) async throws {
        let contents = try LayoutContents(opening: layout)
        let manifest = try await contents.manifest(named: tag)
        let documents = try await ImageDocuments(manifest) { try local(contents.blob($0)) }
        #expect(documents.checks.allSatisfy { $0.problem == nil })
        var scan = LayerScan()
        for (layer, diffID) in zip(documents.layers, documents.diffIDs) {
            let checks = try scan.check(layer, diffID: diffID, content: try local(contents.blob(layer)))
            // Whatever else there is to say about the other tool's layer.
            let bytes = checks.filter { ["layer-size", "layer-digest", "layer-diff-id"].contains($0.name) }
            #expect(bytes.count == 3 && bytes.allSatisfy { $0.problem == nil }, "\(bytes)")
        }
    }

    private func local(_ blob: ImageBlob) throws -> any BlobContent {
        guard case .local(let content) = blob.source else { throw CommandFailed(description: "a blob is elsewhere") }
        return content
    }

    /// Makes an image by other tools.
    private func image(_ tag: String) async throws {
        let layout = scratch("made")
        if !Directories.exists(layout) { try await Command.output(["umoci", "init", "--layout", layout]) }
        try await Command.output(["umoci", "new", "--image", "\(layout):\(tag)"])
        try scratch.write("file of \(tag)", to: "file-\(tag)")
        let file = scratch("file-\(tag)")
        try await Command.output(["umoci", "insert", "--rootless", "--image", "\(layout):\(tag)", file, "/app"])
    }

    @discardableResult
    private func slipway(_ words: [String]) async throws -> CommandResult {
        try await SlipwayProgram.output(words, environment: environment)
    }
}
