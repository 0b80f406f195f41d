import BuildModel
import ImageBuild
import Platform
import TestSupport
import Testing

/// What no validator of images looks at: ends, members, digests, sizes.
@Suite struct LayerBytesTests {
    private static let mixed: [InMemoryTree.Item] =
        [
            .file("README.md", "hello\n"), .directory("bin"), .executable("bin/run", "#!/bin/sh\n"),
            .link("bin/r", "run"),
        ]
        + (0..<300).map { .file("f\($0)", bytes: LayerFixture.noise(3000, seed: UInt64($0))) }
        + [.file("large", bytes: LayerFixture.noise(3_500_000)), .file("last", "x")]

    @Test("the digests and sizes of a layer are those of its bytes")
    func digests() async throws {
        let layer = try LayerFixture.layer(Self.mixed)
        let bytes = try LayerFixture.bytes(of: layer)
        let tar = try await LayerFixture.tar(of: layer)
        #expect(
            layer.blob.descriptor
                == Descriptor(mediaType: MediaType.ociLayerGzip, digest: Digest(of: bytes), size: Int64(bytes.count))
        )
        #expect(layer.diffID == Digest(of: tar))
        #expect(layer.tarSize == Int64(tar.count))
        #expect(layer.comment == "app source")
    }

    @Test("an archive ends with exactly two blocks of zeros", arguments: [0, 1, mixed.count])
    func end(count: Int) async throws {
        let tar = try await LayerFixture.tar(of: try LayerFixture.layer(Array(Self.mixed.prefix(count))))
        #expect(tar.count % 512 == 0)
        #expect(tar.suffix(1024).allSatisfy { $0 == 0 })
        #expect(!tar.dropLast(1024).suffix(512).allSatisfy { $0 == 0 })
    }

    @Test("three inflaters accept a layer", arguments: ["gzip", "pigz", "libdeflate-gunzip"])
    func inflaters(program: String) async throws {
        let scratch = try Scratch()
        try LayerFixture.save(try LayerFixture.layer(Self.mixed), to: scratch("layer.gz"))
        try await Command.output([program, "-t", scratch("layer.gz")])
    }

    @Test("a gzip header says nothing of when and where it was made")
    func gzipHeader() throws {
        let bytes = try LayerFixture.bytes(of: try LayerFixture.layer(Self.mixed))
        #expect(Array(bytes.prefix(10)) == [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])
    }

    @Test(
        "a large file has members of its own, one for every two MiB",
        arguments: [
            ([1], 1),
            ([1 << 20], 3),
            ([(1 << 20) - 512], 2),
            ([1, 3 << 20, 1], 4),
        ]
    )
    func members(sizes: [Int], count: Int) throws {
        let items = sizes.enumerated().map { InMemoryTree.Item.file("f\($0)", bytes: LayerFixture.noise($1)) }
        let bytes = try LayerFixture.bytes(of: try LayerFixture.layer(items))
        #expect(bytes.ranges(of: [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]).count == count)
    }

    @Test("a change re-makes the members it touches and leaves those of a large file before it")
    func stableMembers() throws {
        let large = InMemoryTree.Item.file("a-large", bytes: LayerFixture.noise(4 << 20))
        let before = try LayerFixture.bytes(of: try LayerFixture.layer([large, .file("z", "1")]))
        let after = try LayerFixture.bytes(of: try LayerFixture.layer([large, .file("z", "2")]))
        #expect(before != after)
        let common = zip(before, after).prefix { $0 == $1 }.count
        #expect(common > before.count * 9 / 10)
    }

    @Test("no extended record is written where ustar is enough")
    func plainArchives() async throws {
        let tar = try await LayerFixture.tar(of: try LayerFixture.layer(Self.mixed))
        let kinds = stride(from: 0, to: 1024, by: 512).map { tar[$0 + 156] }
        #expect(kinds == [UInt8(ascii: "5"), UInt8(ascii: "0")])
        #expect(tar.firstRange(of: Array("PaxHeader".utf8)) == nil)
    }
}
