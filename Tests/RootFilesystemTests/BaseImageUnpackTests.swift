import BuildModel
import ImageBuild
import Platform
import RootFilesystem
import TestSupport
import Testing

@Suite("Base images, unpacked")
struct BaseImageUnpackTests {
    @Test(
        "look the same as umoci unpacks them",
        arguments: [
            "debian:13-slim", "python:\(try Checkout.standardVersion(of: "python"))-slim", "node:20.19.2-slim",
            "caddy:2.11.7",
        ]
    )
    func likeUmoci(name: String) async throws {
        let fixture = try Fixture()
        let layout = Cache.directory + "/base-images"
        let reference = "docker.io/library/\(name)"
        let image = try #require(
            try OCILayout(opening: layout).baseImage(
                named: try ImageReference(parsing: reference),
                platform: .current
            )
        )
        let lease = try await fixture.store.lease(image)
        let ours = try await TreeListing.lines(ofOverlay: lease.lowerDirectories)
        let bundle = fixture.scratch("bundle")
        try await Command.output(["umoci", "unpack", "--image", "\(layout):\(reference)", bundle])
        let theirs = try await TreeListing.lines(of: bundle + "/rootfs")
        #expect(ours.count > 1000)
        #expect(ours == theirs, "\(Set(ours).symmetricDifference(theirs).sorted().prefix(20))")
    }

    @Test(
        "come compressed by gzip, by zstd or not at all",
        arguments: ["gzip", "zstd", "none", "gzip members", "zstd frames"]
    )
    func compressions(form: String) async throws {
        let fixture = try Fixture()
        let content = String(repeating: "word ", count: 200_000)
        let tar = try await CraftedTar.bytes([.init(.file, "big", content: content), .init(.file, "end")])
        let file = fixture.scratch("layer.tar")
        try Files.writeAtomically(tar, to: file)
        let script =
            switch form {
            case "gzip": "gzip -c $0"
            case "zstd": "bsdtar -cf $0.zst --format=raw --zstd $0 && cat $0.zst"
            case "zstd frames": "head -c 300000 $0 | zstd -c; tail -c +300001 $0 | zstd -c"
            case "gzip members": "head -c 300000 $0 | gzip -c; tail -c +300001 $0 | gzip -c"
            default: "cat $0"
            }
        let blob = try await Command.output(["bash", "-c", script, file]).output
        let lease = try await fixture.store.lease([Fixture.layer(tar: tar, blob: blob)])
        let files = try #require(lease.lowerDirectories.first)
        #expect(try Files.read(files + "/big") == Array(content.utf8))
        #expect(Files.exists(files + "/end"))
    }
}
