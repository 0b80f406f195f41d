import BuildModel
import Testing

@Suite("Reading a base image")
struct BaseImageReadingTests {
    let name = ImageReference(registry: "registry.example", repository: "base", tag: "1")

    @Test("layers keep their order and get OCI's media types, the config stays whole")
    func valid() throws {
        let image = try read(Self.manifest(MediaType.dockerLayerGzip, MediaType.ociLayerTar), Self.config(count: 2))
        #expect(image.layers.map(\.descriptor.mediaType) == [MediaType.ociLayerGzip, MediaType.ociLayerTar])
        #expect(image.layers.map(\.descriptor.size) == [0, 1])
        #expect(image.config["unknown"] == "kept")
    }

    @Test("an image without layers is one")
    func empty() throws {
        #expect(try read(Self.manifest(), Self.config(count: 0)).layers.isEmpty)
    }

    @Test(
        "what is missing or does not fit is named",
        arguments: [
            (["schemaVersion": 1], config(count: 0), "schema version 2"),
            (["schemaVersion": 2], config(count: 0), "'layers'"),
            (["schemaVersion": 2, "mediaType": .string(MediaType.ociIndex)], config(count: 0), "index"),
            (["schemaVersion": 2, "layers": [["digest": "sha256:x"]]], config(count: 1), "'layers[0]'"),
            (manifest(MediaType.ociLayerGzip), config(count: 2), "1 layers, its config 2 diff ids"),
            (manifest(), ["os": "linux", "rootfs": ["diff_ids": []]], "'architecture'"),
            (manifest(), ["architecture": "amd64", "os": "", "rootfs": ["diff_ids": []]], "'os'"),
            (manifest(), ["architecture": "amd64", "os": "linux"], "'rootfs.diff_ids'"),
            (
                manifest(MediaType.ociLayerGzip),
                ["architecture": "amd64", "os": "linux", "rootfs": ["diff_ids": [7]]], "no digest"
            ),
            (nil, nil, "schema version 2"),
        ] as [(JSONValue, JSONValue, String)]
    )
    func invalid(manifest: JSONValue, config: JSONValue, words: String) throws {
        let failure = try #require(throws: BuildFailure.self) { try read(manifest, config) }
        #expect(failure.code == .invalidImage)
        #expect(failure.message.contains(words))
        #expect(failure.message.contains("registry.example/base:1"))
    }

    @Test("the first entry of an index that fits is picked, a variant only where both sides name one")
    func selection() throws {
        let platforms: [JSONValue] = [
            ["os": "unknown", "architecture": "unknown"], ["os": "linux", "architecture": "arm", "variant": "v6"],
            ["os": "linux", "architecture": "arm", "variant": "v7"],
            ["os": "linux", "architecture": "arm64", "variant": "v8"],
        ]
        let entries = platforms.enumerated().map { number, platform -> JSONValue in
            var entry = Self.descriptor(MediaType.ociManifest, size: number)
            entry["platform"] = platform
            return entry
        }
        let index: JSONValue = ["manifests": .array(entries)]
        for (platform, expected) in [
            (ImagePlatform(os: "linux", architecture: "arm64"), 3),
            (ImagePlatform(os: "linux", architecture: "arm", variant: "v7"), 2),
            (ImagePlatform(os: "linux", architecture: "arm"), 1),
        ] {
            #expect(try platform.manifest(in: index, name: name).size == Int64(expected))
        }
        let amd64 = ImagePlatform(os: "linux", architecture: "amd64")
        let failure = try #require(throws: BuildFailure.self) { try amd64.manifest(in: index, name: name) }
        #expect(failure.code == .notFound)
        #expect(failure.message.contains("linux/arm/v7"))
    }

    private func read(_ manifest: JSONValue, _ config: JSONValue) throws -> BaseImage {
        let source = BlobSource.registry(name)
        return try BaseImage(name: name, manifest: manifest, config: config, source: { _ in source })
    }

    private static func manifest(_ layers: String...) -> JSONValue {
        let descriptors = layers.enumerated().map { descriptor($1, size: $0) }
        return ["schemaVersion": 2, "config": descriptor(MediaType.ociConfig, size: 1), "layers": .array(descriptors)]
    }

    private static func descriptor(_ mediaType: String, size: Int) -> JSONValue {
        let digest = "sha256:" + String(repeating: "a", count: 64)
        return ["mediaType": .string(mediaType), "digest": .string(digest), "size": .integer(Int64(size))]
    }

    private static func config(count: Int) -> JSONValue {
        let diffID = JSONValue.string("sha256:" + String(repeating: "b", count: 64))
        return [
            "architecture": "amd64", "os": "linux", "unknown": "kept",
            "rootfs": ["type": "layers", "diff_ids": .array(Array(repeating: diffID, count: count))],
        ]
    }
}
