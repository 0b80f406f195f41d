import BuildModel
import Platform
import TestSupport

/// Images for tests: real layers made by tar and gzip, with manifest and config around them.
enum TestImage {
    /// A layer that holds one file of `size` bytes, random unless `text` is given.
    static func layer(text: String? = nil, size: Int = 1000) async throws -> Layer {
        let scratch = try Scratch()
        let random = try await Command.output(["head", "-c", "\(size)", "/dev/urandom"]).output
        let bytes = text.map { Array($0.utf8) } ?? random
        try Files.writeAtomically(bytes, to: scratch("file"))
        let tar = try await Command.output(["tar", "-C", scratch.path, "--numeric-owner", "-cf", "-", "file"]).output
        let blob = try await Command.output(["gzip", "-1n"], input: tar).output
        // A file that is open stays readable when its directory goes.
        try Files.writeAtomically(blob, to: scratch("blob"))
        let content = try FileContent(path: scratch("blob"))
        return Layer(
            blob: ImageBlob(
                descriptor: Descriptor(
                    mediaType: MediaType.ociLayerGzip,
                    digest: Digest(of: blob),
                    size: Int64(blob.count)
                ),
                source: .local(content)
            ),
            diffID: Digest(of: tar),
            tarSize: Int64(tar.count),
            comment: "test"
        )
    }

    /// An image of some layers.
    static func image(_ layers: [Layer], architecture: String = "amd64") -> Image {
        let config: JSONValue = [
            "architecture": .string(architecture), "os": "linux", "config": ["Cmd": ["/file"]],
            "rootfs": ["type": "layers", "diff_ids": .array(layers.map { .string($0.diffID.description) })],
        ]
        let configDescriptor = descriptor(config.canonicalBytes, MediaType.ociConfig)
        let manifest: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(MediaType.ociManifest), "config": configDescriptor.json,
            "layers": .array(layers.map(\.blob.descriptor.json)),
        ]
        return Image(
            manifest: manifest.canonicalBytes,
            manifestDescriptor: descriptor(manifest.canonicalBytes, MediaType.ociManifest),
            config: config.canonicalBytes,
            configDescriptor: configDescriptor,
            layers: layers.map(\.blob)
        )
    }

    static func descriptor(_ bytes: [UInt8], _ mediaType: String) -> Descriptor {
        Descriptor(mediaType: mediaType, digest: Digest(of: bytes), size: Int64(bytes.count))
    }
}

extension Image {
    /// Bytes of all blobs that a push counts.
    var blobBytes: Int64 { layers.reduce(configDescriptor.size) { $0 + $1.descriptor.size } }
}
