import BuildModel
import ImageBuild
import Platform
import TestSupport
import Testing

/// Layers of zstd frames.
@Suite struct ZstdLayerTests {
    private static func tree(changing changed: Int? = nil) -> InMemoryTree {
        InMemoryTree(
            items: (0..<300).map { number in
                let seed = UInt64(number == changed ? 10_000 : number)
                return .file("file-\(1000 + number)", bytes: LayerFixture.noise(1000 + number * 40, seed: seed))
            } + [.file("large", bytes: LayerFixture.noise(5_300_000)), .link("link", "large")]
        )
    }

    @Test("have the tar of gzip layers, in frames that the zstd program unpacks")
    func sameTar() async throws {
        let (gzip, zstd) = (try LayerFixture.layer(Self.tree()), try LayerFixture.layer(Self.tree(), format: .zstd))
        #expect(zstd.diffID == gzip.diffID)
        #expect(zstd.blob.descriptor.mediaType == "application/vnd.oci.image.layer.v1.tar+zstd")
        #expect(zstd.blob.descriptor.size < gzip.blob.descriptor.size)
        let bytes = try LayerFixture.bytes(of: zstd)
        let tar = try await Command.output(["zstd", "-dc"], input: bytes).output
        #expect(Digest(of: tar) == zstd.diffID)
        let scratch = try Scratch()
        try Files.writeAtomically(bytes, to: scratch("layer.zst"))
        let listing = try await Command.output(["zstd", "-lv", scratch("layer.zst")]).text
        let frames = listing.firstMatch(of: /# Zstandard Frames: ([0-9]+)/).flatMap { Int($0.output.1) } ?? 0
        #expect(frames > 4, "\(listing)")
        #expect(listing.contains("Check: XXH64"))
    }

    @Test("are the same with any number of threads, at every level", arguments: CompressionLevel.allCases)
    func widths(compression: CompressionLevel) throws {
        let descriptors = try [1, 2, 7].map { width in
            var settings = LayerFixture.settings(width: width, format: .zstd)
            settings.compression = compression
            return try LayerWriter.writeLayer(
                from: Self.tree(),
                at: "/app",
                comment: "",
                settings: settings,
                cancellation: CancelFlag()
            ).blob.descriptor
        }
        #expect(Set(descriptors).count == 1)
    }

    @Test("are made of kept members as well, apart from those of gzip")
    func members() throws {
        let scratch = try Scratch(in: "/dev/shm")
        func make(_ tree: InMemoryTree, _ format: LayerFormat) throws -> (Layer, LayerWork) {
            var settings = LayerFixture.settings(format: format)
            settings.members = try MemberStore(directory: scratch("members"), limit: 1 << 30)
            var work = LayerWork()
            let layer = try LayerWriter.writeLayer(
                from: tree,
                at: "/app",
                comment: "",
                settings: settings,
                cancellation: CancelFlag(),
                report: { work = $0 }
            )
            return (layer, work)
        }
        _ = try make(Self.tree(), .gzip)
        let (first, cost) = try make(Self.tree(), .zstd)
        #expect(cost.recalledMembers == 0)
        let (second, again) = try make(Self.tree(), .zstd)
        #expect(again.recalledMembers == again.members && again.compressedBytes == 0)
        #expect(second.blob.descriptor == first.blob.descriptor)
        let (changed, work) = try make(Self.tree(changing: 150), .zstd)
        #expect(work.members - work.recalledMembers <= 3)
        #expect(
            changed.blob.descriptor == (try LayerFixture.layer(Self.tree(changing: 150), format: .zstd)).blob.descriptor
        )
    }
}
