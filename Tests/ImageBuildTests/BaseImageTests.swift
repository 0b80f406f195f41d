import BuildModel
import Documents
import ImageBuild
import Platform
import TestSupport
import Testing

/// Base images that layouts hold.
@Suite struct BaseImageTests {
    let scratch: Scratch
    let name = "docker.io/library/base:1"
    let platform = ImagePlatform(os: "linux", architecture: "amd64")

    init() throws { scratch = try Scratch(in: "/dev/shm") }

    private func find(_ reference: String? = nil, platform: ImagePlatform? = nil) throws -> BaseImage? {
        try OCILayout(opening: scratch("layout"))
            .baseImage(named: try ImageReference(parsing: reference ?? name), platform: platform ?? self.platform)
    }

    private func rewriteIndex(_ change: (inout [JSONValue]) throws -> Void) throws {
        let path = scratch("layout/index.json")
        var index = try JSONDocument.parse(try Files.read(path))
        var entries = index["manifests"]?.array ?? []
        try change(&entries)
        index["manifests"] = .array(entries)
        try Files.writeAtomically(index.canonicalBytes, to: path)
    }

    @Test("an image that was written can be built on, and has its manifest's digest")
    func roundTrip() async throws {
        let image = try ImageFixture.image()
        try await ImageFixture.write(image, to: scratch("layout"), tag: name)
        let base = try #require(try find())
        #expect(base.name.description == "\(name)@\(image.manifestDescriptor.digest)")
        #expect(base.config == (try JSONDocument.parse(image.config)))
        #expect(base.layers.map(\.descriptor) == image.layers.map(\.descriptor))
        let next = try ImageFixture.image(base: base)
        try await ImageFixture.write(next, to: scratch("next"), tag: "app")
        try await Command.output(["umoci", "unpack", "--rootless", "--image", scratch("next:app"), scratch("bundle")])
    }

    @Test("a name is found whole: short or full, by tag and by digest")
    func names() async throws {
        let image = try ImageFixture.image()
        try await ImageFixture.write(image, to: scratch("layout"), tag: name)
        #expect(try find("base:1") != nil)
        #expect(try find("\(name)@\(image.manifestDescriptor.digest)") != nil)
        #expect(try find("\(name)@\(Digest(of: "other"))") == nil)
        #expect(try find("docker.io/library/base:2") == nil)
        #expect(try find("docker.io/library/base") == nil)
        #expect(try find("localhost/library/base:1") == nil)
    }

    @Test("what a name stood for before it moved is found by its digest while the layout has it")
    func moved() async throws {
        let first = try ImageFixture.image()
        try await ImageFixture.write(first, to: scratch("layout"), tag: name)
        try await ImageFixture.write(try ImageFixture.image(environment: ["A": "1"]), to: scratch("layout"), tag: name)
        let digest = first.manifestDescriptor.digest
        let held = try #require(try find("\(name)@\(digest)"))
        #expect(held.name.digest == digest)
        #expect(held.config == (try JSONDocument.parse(first.config)))
        #expect(try find()?.name.digest != digest)
        try Files.remove(scratch("layout/blobs/sha256/\(first.configDescriptor.digest.hex)"))
        #expect(try find("\(name)@\(digest)") == nil)
        #expect(try find("\(name)@\(first.layers[0].descriptor.digest)") == nil)
    }

    @Test("another platform's image is not found")
    func otherPlatform() async throws {
        try await ImageFixture.write(try ImageFixture.image(), to: scratch("layout"), tag: name)
        #expect(try find(platform: ImagePlatform(os: "linux", architecture: "arm64")) == nil)
    }

    @Test("an index leads to the platform's manifest")
    func index() async throws {
        let image = try ImageFixture.image()
        try await ImageFixture.write(image, to: scratch("layout"), tag: "unused")
        var other = image.manifestDescriptor
        other.platform = ImagePlatform(os: "linux", architecture: "riscv64")
        other.digest = Digest(of: "not there")
        let nested: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(MediaType.ociIndex),
            "manifests": [other.json, image.manifestDescriptor.json],
        ]
        let bytes = nested.canonicalBytes
        let descriptor = Descriptor(
            mediaType: MediaType.ociIndex,
            digest: Digest(of: bytes),
            size: Int64(bytes.count),
            annotations: ["org.opencontainers.image.ref.name": name]
        )
        try Files.writeAtomically(bytes, to: scratch("layout/blobs/sha256/\(descriptor.digest.hex)"))
        try rewriteIndex { $0 = [descriptor.json] }
        #expect(try find()?.name.digest == image.manifestDescriptor.digest)
        let error = try #require(throws: BuildFailure.self) {
            _ = try find(platform: ImagePlatform(os: "linux", architecture: "arm64"))
        }
        #expect(error.code == .notFound && error.message.contains("linux/riscv64"))
    }

    @Test("a base in Docker's format is read and built on")
    func dockerFormat() async throws {
        try await ImageFixture.write(try ImageFixture.image(), to: scratch("source"), tag: "app")
        try await Command.output([
            "skopeo", "copy", "-q", "--format", "v2s2", "oci:\(scratch("source")):app", "dir:\(scratch("docker"))",
        ])
        let manifest = try JSONDocument.parse(try Files.read(scratch("docker/manifest.json")))
        #expect(manifest["mediaType"]?.string == MediaType.dockerManifest)
        let reference = try ImageReference(parsing: name)
        let config = try BaseImage.configDescriptor(in: manifest, name: reference)
        let base = try BaseImage(
            name: reference,
            manifest: manifest,
            config: try JSONDocument.parse(try Files.read(scratch("docker/\(config.digest.hex)")))
        ) { [scratch] layer throws(BuildFailure) in
            .local(try FileContent(path: scratch("docker/\(layer.digest.hex)")))
        }
        let image = try ImageFixture.image(base: base)
        #expect(!String(decoding: image.manifest, as: UTF8.self).contains("docker.image"))
        try await ImageFixture.write(image, to: scratch("next"), tag: "app")
        try await Command.output(["umoci", "unpack", "--rootless", "--image", scratch("next:app"), scratch("bundle")])
    }

    @Test(
        "a damaged manifest or config is named by its digest",
        arguments: ["manifest", "config"],
        ["bytes", "size", "missing"]
    )
    func damagedDocuments(document: String, damage: String) async throws {
        let image = try ImageFixture.image()
        try await ImageFixture.write(image, to: scratch("layout"), tag: name)
        let descriptor = document == "manifest" ? image.manifestDescriptor : image.configDescriptor
        let path = scratch("layout/blobs/sha256/\(descriptor.digest.hex)")
        var bytes = try Files.read(path)
        switch damage {
        case "bytes":
            bytes[bytes.count - 2] ^= 1
            try Files.writeAtomically(bytes, to: path)
        case "size": try Files.writeAtomically(bytes + [32], to: path)
        default: try await Command.output(["rm", path])
        }
        let error = try #require(throws: BuildFailure.self) { _ = try find() }
        #expect(error.code == .corrupted && error.fault == .platform)
        #expect(error.message.contains(descriptor.digest.hex))
    }

    @Test("a layer of another size is damage")
    func damagedLayer() async throws {
        let image = try ImageFixture.image()
        try await ImageFixture.write(image, to: scratch("layout"), tag: name)
        try Files.writeAtomically(
            [1, 2, 3],
            to: scratch("layout/blobs/sha256/\(image.layers[0].descriptor.digest.hex)")
        )
        let error = try #require(throws: BuildFailure.self) { _ = try find() }
        #expect(error.code == .corrupted && error.message.contains("3 bytes"))
    }

    @Test("what is no layout is refused with words")
    func noLayout() throws {
        let missing = try #require(throws: BuildFailure.self) { _ = try OCILayout(opening: scratch("nowhere")) }
        #expect(missing.code == .notFound && missing.message.contains("nowhere"))
        try scratch.write(#"{"imageLayoutVersion":"9.0.0"}"#, to: "future/oci-layout")
        let future = try #require(throws: BuildFailure.self) { _ = try OCILayout(opening: scratch("future")) }
        #expect(future.code == .invalidLayout)
        try scratch.write("{}", to: "layout/index.json")
        try scratch.write(#"{"imageLayoutVersion":"1.0.0"}"#, to: "layout/oci-layout")
        let index = try #require(throws: BuildFailure.self) { _ = try find() }
        #expect(index.code == .invalidLayout && index.message.contains("manifests"))
    }

    @Test("a layout without an index holds nothing yet")
    func emptyLayout() throws {
        try scratch.write(#"{"imageLayoutVersion":"1.0.0"}"#, to: "layout/oci-layout")
        #expect(try find() == nil)
    }
}
