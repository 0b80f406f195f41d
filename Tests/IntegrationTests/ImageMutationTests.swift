import BuildModel
import Documents
import Platform
import TestSupport
import Testing

/// Images with one thing wrong each, as `slipway inspect --verify` sees them from outside.
@Suite("Images that are not what they say")
struct ImageMutationTests {
    /// The parts of an image in the order in which they name one another.
    struct Parts {
        var blob: [UInt8]
        var layer: JSONValue
        var config: JSONValue
        var configDescriptor: JSONValue = .null
        var manifest: JSONValue
    }

    /// Changes to a part after all that it names was computed.
    struct Mutation: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// One of the checks that have to fail.
        var checks: Set<String>
        var blob: (@Sendable (inout [UInt8]) -> Void)?
        var layer: (@Sendable (inout JSONValue) -> Void)?
        var config: (@Sendable (inout JSONValue) -> Void)?
        var configDescriptor: (@Sendable (inout JSONValue) -> Void)?
        var manifest: (@Sendable (inout JSONValue) -> Void)?
        /// Changes the blob after its digest was taken.
        var torn: (@Sendable (inout [UInt8]) -> Void)?

        init(_ name: String, _ checks: String...) {
            testDescription = name
            self.checks = Set(checks)
        }

        func on(_ change: (inout Mutation) -> Void) -> Mutation {
            var copy = self
            change(&copy)
            return copy
        }
    }

    static let wrong = "sha256:" + String(repeating: "0", count: 64)

    static let mutations: [Mutation] = [
        Mutation("wrong diff id", "layer-diff-id").on { $0.config = { $0["rootfs"]?["diff_ids"] = [.string(wrong)] } },
        Mutation("wrong size of a layer", "layer-size", "layer-bytes").on { $0.layer = { $0["size"] = 7 } },
        Mutation("other bytes than the digest", "layer-digest", "layer-bytes").on {
            $0.torn = { $0[$0.count / 2] ^= 1 }
        },
        Mutation("a layer that is gone", "layer-bytes").on { $0.layer = { $0["digest"] = .string(wrong) } },
        Mutation("wrong CRC", "layer-gzip").on { $0.blob = { $0[$0.count - 7] ^= 1 } },
        Mutation("cut short", "layer-gzip").on { $0.blob = { $0.removeLast(20) } },
        Mutation("garbage behind the gzip", "layer-gzip").on { $0.blob = { $0 += [1, 2, 3, 4] } },
        Mutation("tar that is gzip", "layer-type").on { $0.layer = type("application/vnd.oci.image.layer.v1.tar") },
        Mutation("zstd that is gzip", "layer-type").on {
            $0.layer = type("application/vnd.oci.image.layer.v1.tar+zstd")
        },
        Mutation("no type of a layer", "layer-types").on { $0.layer = type("text/plain") },
        Mutation("Docker's layer in OCI's manifest", "one-family").on {
            $0.layer = type("application/vnd.docker.image.rootfs.diff.tar.gzip")
        },
        Mutation("no history", "history").on { $0.config = { $0["history"] = nil } },
        Mutation("too long a history", "history").on { $0.config = { $0["history"] = [[:], [:]] } },
        Mutation("too short a history", "history").on { $0.config = { $0["history"] = [["empty_layer": true]] } },
        Mutation("no architecture", "architecture").on { $0.config = { $0["architecture"] = nil } },
        Mutation("no operating system", "os").on { $0.config = { $0["os"] = "" } },
        Mutation("another kind of root", "rootfs-type").on { $0.config = { $0["rootfs"]?["type"] = "snaps" } },
        Mutation("variables in one text", "config-types").on { $0.config = { $0["config"] = ["Env": "A=b"] } },
        Mutation("made yesterday", "config-types").on { $0.config = { $0["created"] = "yesterday" } },
        Mutation("a word for a truth", "config-types").on { $0.config = { $0["history"] = [["empty_layer": "x"]] } },
        Mutation("a label that is a number", "config-types").on {
            $0.config = { $0["config"] = ["Labels": ["a": 1]] }
        },
        Mutation("a config that is a text", "config-types").on { $0.config = { $0["config"] = "x" } },
        Mutation("another type of config", "config-type").on {
            $0.configDescriptor = { $0["mediaType"] = "application/json" }
        },
        Mutation("too few diff ids", "diff-ids").on { $0.config = { $0["rootfs"]?["diff_ids"] = [] } },
        Mutation("wrong size of the config", "size", "").on { $0.configDescriptor = { $0["size"] = 3 } },
        Mutation("another digest of the config", "digest", "").on {
            $0.configDescriptor = { $0["digest"] = .string(wrong) }
        },
        Mutation("schema 1", "schema-version").on { $0.manifest = { $0["schemaVersion"] = 1 } },
        Mutation("another type in the manifest", "media-type").on { $0.manifest = { $0["mediaType"] = "text/plain" } },
        Mutation("an annotation that is no text", "annotations").on { $0.manifest = { $0["annotations"] = ["a": 1] } },
    ]

    static func type(_ name: String) -> @Sendable (inout JSONValue) -> Void {
        { $0["mediaType"] = .string(name) }
    }

    private let scratch: Scratch
    var layout: String { scratch("image") }

    init() throws { scratch = try Scratch() }

    @Test("each is found, and named by its check", arguments: mutations)
    func found(mutation: Mutation) async throws {
        try await write(mutation, from: try await parts())
        let result = try await inspect()
        #expect(result.status != 0)
        // What is too broken to be looked at is an error, not a failed check.
        if mutation.checks.contains(""), result.output.isEmpty { return }
        let checks = try JSONDocument.parse(result.output)["checks"]?.array ?? []
        let failed = checks.filter { $0["problem"]?.string != nil }.compactMap { $0["name"]?.string }
        #expect(!mutation.checks.isDisjoint(with: failed), "\(failed) \(result.errorText)")
    }

    @Test("nothing is found in the image that they were made of")
    func sound() async throws {
        try await write(Mutation("none"), from: try await parts())
        let result = try await inspect()
        #expect(result.status == 0, "\(result.text) \(result.errorText)")
    }

    func inspect() async throws -> CommandResult {
        try await SlipwayProgram.result(
            ["inspect", "oci:\(layout):t", "--verify", "-o", "json", "--cache-directory", scratch("cache")]
        )
    }

    func parts() async throws -> Parts {
        try scratch.write("text", to: "files/app/a")
        let tar = try await Command.output(["tar", "-C", scratch("files"), "-cf", "-", "app"]).output
        try Files.writeAtomically(tar, to: scratch("layer.tar"))
        let blob = try await Command.output(["gzip", "-nc", scratch("layer.tar")]).output
        let config: JSONValue = [
            "architecture": "amd64", "os": "linux", "history": [["created_by": "tar"]],
            "rootfs": ["type": "layers", "diff_ids": [.string(Digest(of: tar).description)]],
        ]
        return Parts(
            blob: blob,
            layer: ["mediaType": .string(MediaType.ociLayerGzip)],
            config: config,
            manifest: ["schemaVersion": 2, "mediaType": .string(MediaType.ociManifest)]
        )
    }

    func write(_ mutation: Mutation, from parts: Parts) async throws {
        var parts = parts
        try Directories.create("\(layout)/blobs/sha256")
        mutation.blob?(&parts.blob)
        parts.layer = described(parts.blob, parts.layer)
        let layerDigest = Digest(of: parts.blob)
        mutation.torn?(&parts.blob)
        try put(parts.blob, layerDigest)
        mutation.layer?(&parts.layer)
        mutation.config?(&parts.config)
        let config = parts.config.canonicalBytes
        try put(config, Digest(of: config))
        parts.configDescriptor = described(config, ["mediaType": .string(MediaType.ociConfig)])
        mutation.configDescriptor?(&parts.configDescriptor)
        parts.manifest["config"] = parts.configDescriptor
        parts.manifest["layers"] = [parts.layer]
        mutation.manifest?(&parts.manifest)
        let manifest = parts.manifest.canonicalBytes
        try put(manifest, Digest(of: manifest))
        var entry = described(manifest, ["mediaType": .string(MediaType.ociManifest)])
        entry["annotations"] = ["org.opencontainers.image.ref.name": "t"]
        let index: JSONValue = ["schemaVersion": 2, "manifests": [entry]]
        try Files.writeAtomically(index.canonicalBytes, to: "\(layout)/index.json")
        let marker: JSONValue = ["imageLayoutVersion": "1.0.0"]
        try Files.writeAtomically(marker.canonicalBytes, to: "\(layout)/oci-layout")
    }

    func put(_ bytes: [UInt8], _ digest: Digest) throws {
        try Files.writeAtomically(bytes, to: "\(layout)/blobs/sha256/\(digest.hex)")
    }

    func described(_ bytes: [UInt8], _ more: JSONValue) -> JSONValue {
        var descriptor = more
        descriptor["digest"] = .string(Digest(of: bytes).description)
        descriptor["size"] = .integer(Int64(bytes.count))
        return descriptor
    }
}
