import BuildModel
import Platform
import RootFilesystem
import TestSupport
import Testing

@Suite("Damaged layers")
struct DamagedLayerTests {
    private static func sample() async throws -> [UInt8] {
        try await CraftedTar.bytes([.init(.file, "f", content: String(repeating: "text", count: 100_000))])
    }

    private func refuse(
        _ layer: FilesystemLayer,
        _ code: BuildFailure.Code,
        saying words: String,
        maximumBytes: Int64 = 1 << 30
    ) async throws {
        let fixture = try Fixture(maximumBytes: maximumBytes)
        let failure = await #expect(throws: BuildFailure.self) { _ = try await fixture.store.lease([layer]) }
        #expect(failure?.code == code, "\(String(describing: failure))")
        #expect(failure?.description.contains(words) == true, "\(String(describing: failure))")
        #expect(try Directories.list(fixture.directory) == ["locks"], "something is left")
    }

    @Test("with another digest are refused")
    func digest() async throws {
        var layer = Fixture.layer(tar: try await Self.sample())
        layer.blob.descriptor.digest = Digest(of: "other")
        try await refuse(layer, .corrupted, saying: "its bytes have the digest")
    }

    @Test("with another diff id are refused")
    func diffID() async throws {
        var layer = Fixture.layer(tar: try await Self.sample())
        layer.diffID = Digest(of: "other")
        try await refuse(layer, .corrupted, saying: "diff id")
    }

    @Test("with another size are refused")
    func size() async throws {
        var layer = Fixture.layer(tar: try await Self.sample())
        layer.blob.descriptor.size += 1
        try await refuse(layer, .corrupted, saying: "instead of")
    }

    @Test("that end too early are refused")
    func truncated() async throws {
        let tar = Array(try await Self.sample().prefix(200_000))
        try await refuse(Fixture.layer(tar: tar), .invalidLayer, saying: "no whole tar archive")
    }

    @Test("that end with their last entry are whole, also inside a block; with content cut short they are refused")
    func unpadded() async throws {
        let tar = try await CraftedTar.bytes([.init(.directory, "d"), .init(.file, "d/f", content: "text")])
        // A header of a directory, one of the file and its content: POSIX wants padding and two blocks of zeros behind them.
        let content = try #require(tar.firstRange(of: "text".utf8))
        for end in [content.upperBound, content.upperBound + 10, content.lowerBound + 512] {
            let fixture = try Fixture()
            let lease = try await fixture.store.lease([Fixture.layer(tar: Array(tar[..<end]))])
            let file = try #require(lease.lowerDirectories.first) + "/d/f"
            #expect(try Files.read(file) == Array("text".utf8), "ending at \(end)")
        }
        let short = Array(tar[..<(content.upperBound - 1)])
        try await refuse(Fixture.layer(tar: short), .invalidLayer, saying: "no whole tar archive")
    }

    @Test("whose gzip ends too early are refused")
    func truncatedGzip() async throws {
        let tar = try await Self.sample()
        let blob = try await Command.output(["gzip", "-1c"], input: tar).output
        let layer = Fixture.layer(tar: tar, blob: Array(blob.dropLast(100)))
        try await refuse(layer, .invalidLayer, saying: "no whole tar archive")
    }

    @Test("that are no archive are refused")
    func noArchive() async throws {
        try await refuse(Fixture.layer(tar: Array("hello".utf8)), .invalidLayer, saying: "no whole tar archive")
        try await refuse(Fixture.layer(tar: []), .invalidLayer, saying: "no whole tar archive")
    }

    @Test("that inflate to more than the limit are refused")
    func bomb() async throws {
        let tar = try await CraftedTar.bytes([.init(.file, "f", content: String(repeating: "0", count: 40 << 20))])
        let blob = try await Command.output(["gzip", "-1c"], input: tar).output
        let layer = Fixture.layer(tar: tar, blob: blob)
        try await refuse(layer, .limitExceeded, saying: "too many to unpack", maximumBytes: 1 << 20)
    }

    @Test("that are small alone and too large together are refused")
    func together() async throws {
        var layers: [FilesystemLayer] = []
        for name in ["a", "b", "c"] {
            layers.append(
                try await Fixture.layer([.init(.file, name, content: String(repeating: "0", count: 500_000))])
            )
        }
        let fixture = try Fixture(maximumBytes: 1_200_000)
        let failure = await #expect(throws: BuildFailure.self) { _ = try await fixture.store.lease(layers) }
        #expect(failure?.code == .limitExceeded, "\(String(describing: failure))")
        _ = try await fixture.store.lease(Array(layers.prefix(2)))
    }

    @Test("are not unpacked onto a disk that is nearly full")
    func full() async throws {
        let scratch = try Scratch(in: "/var/tmp")
        let settings = RootFilesystems.Settings(directory: scratch("store"), minimumFreeBytes: 1 << 60)
        let store = try RootFilesystems(settings) { _ in throw CommandFailed(description: "nothing is to be fetched") }
        let layer = Fixture.layer(tar: try await Self.sample())
        let failure = await #expect(throws: BuildFailure.self) { _ = try await store.lease([layer]) }
        #expect(failure?.code.rawValue == "disk_full" && failure?.isRetryable == true)
    }
}
