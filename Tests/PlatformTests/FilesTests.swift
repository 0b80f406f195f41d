import BuildModel
import Platform
import TestSupport
import Testing

@Suite("Files")
struct FilesTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test("sha256 agrees with openssl")
    func digest() async throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let printed = try await Command.output(["openssl", "dgst", "-sha256", "-r"], input: bytes).text.prefix(64)
        #expect(Digest(of: bytes).hex == printed)
    }

    @Test("a spool file reads back from any offset and has no name")
    func spool() throws {
        let spool = try SpoolFile(in: scratch.path)
        let bytes = [UInt8]("hello, spool".utf8)
        try bytes.withUnsafeBytes { try spool.append($0) }
        try bytes.withUnsafeBytes { try spool.append($0) }
        #expect(spool.size == 24)
        #expect(try Files.bytes(of: spool) == bytes + bytes)
        #expect(try Directories.list(scratch.path).isEmpty)
    }

    @Test("a missing directory for spools is named")
    func missingSpoolDirectory() {
        let failure = #expect(throws: BuildFailure.self) { try SpoolFile(in: "/no/such/place") }
        #expect(failure?.message.contains("/no/such/place") == true)
    }

    @Test("a file is replaced in one step and leaves no neighbour")
    func atomicWrite() throws {
        try Files.writeAtomically([1, 2, 3], to: scratch("f"))
        try Files.writeAtomically([4], to: scratch("f"))
        #expect(try Files.read(scratch("f")) == [4])
        #expect(try Directories.list(scratch.path) == ["f"])
    }

    @Test("a file that is missing or too large is named")
    func refusals() throws {
        let missing = #expect(throws: BuildFailure.self) { try Files.read(scratch("none")) }
        #expect(missing?.code == .notFound)
        try Files.writeAtomically([UInt8](repeating: 0, count: 100), to: scratch("big"))
        let large = #expect(throws: BuildFailure.self) { try Files.read(scratch("big"), limit: 99) }
        #expect(large?.code == .limitExceeded)
        #expect(large?.message.contains("big") == true)
    }

    @Test("removing a directory removes links in it, never what they lead to")
    func removal() async throws {
        try scratch.write("precious", to: "outside/file")
        try scratch.write("x", to: "inside/deep/er/file")
        try await Command.output(["ln", "-s", scratch("outside"), scratch("inside/deep/link")])
        try Directories.remove(scratch("inside"))
        #expect(!Directories.exists(scratch("inside")))
        #expect(Files.exists(scratch("outside/file")))
        try Directories.remove(scratch("inside"))
    }

    @Test("removing a directory removes names that are not UTF-8, and deep ones")
    func removalOfAnyName() async throws {
        let script = #"""
            mkdir -p "$1" && cd "$1" && mkdir "$(printf 'd\377\376')" && : >"$(printf 'd\377\376/f\351')" &&
            : >"$(printf '\303')" && mkdir -p "$(printf 'deep/%.0s' $(seq 300))"
            """#
        try await Command.output(["sh", "-c", script, "make", scratch("inside")])
        #expect(try Directories.list(scratch("inside")).count == 3)
        try Directories.remove(scratch("inside"))
        #expect(!Directories.exists(scratch("inside")))
    }
}
