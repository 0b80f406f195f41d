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

    @Test("an archive ends with exactly two blocks of zeros", arguments: [[], [.file("a", "x")], mixed])
    func end(items: [InMemoryTree.Item]) async throws {
        let tar = try await LayerFixture.tar(of: try LayerFixture.layer(items))
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
        "members are cut after 256 KiB of small files, and in large files at every 1 MiB",
        arguments: [
            ([InMemoryTree.Item.file("a", "x")], 1),
            ((0..<8).map { .file("f\($0)", bytes: LayerFixture.noise(64 << 10)) }, 3),
            ([.file("large", bytes: LayerFixture.noise(1 << 20))], 3),
            ([.file("large", bytes: LayerFixture.noise((1 << 20) - 1))], 2),
            ([.file("a", "x"), .file("large", bytes: LayerFixture.noise(3 << 20)), .file("z", "x")], 5),
        ]
    )
    func members(items: [InMemoryTree.Item], count: Int) throws {
        let bytes = try LayerFixture.bytes(of: try LayerFixture.layer(items))
        let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]
        let found = bytes.indices.dropLast(10).count { bytes[$0] == 0x1f && Array(bytes[$0..<$0 + 10]) == header }
        #expect(found == count)
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
