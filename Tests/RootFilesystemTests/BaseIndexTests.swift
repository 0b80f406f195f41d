import BuildModel
import Documents
import ImageBuild
import Platform
import RootFilesystem
import TestSupport
import Testing

@Suite("The directories of base images")
struct BaseIndexTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch(in: "/var/tmp") }

    private func indexes() throws -> BaseIndexes {
        try BaseIndexes(directory: scratch("bases")) { _ in throw CommandFailed(description: "nothing is to be fetched")
        }
    }

    private static func image(_ layers: [FilesystemLayer]) throws -> BaseImage {
        BaseImage(
            name: try ImageReference(parsing: "docker.io/library/base:1"),
            config: [
                "architecture": "amd64", "os": "linux",
                "rootfs": ["type": "layers", "diff_ids": .array(layers.map { .string($0.diffID.description) })],
            ],
            layers: layers.map(\.blob)
        )
    }

    @Test("are those that unpacking leaves, with the same owners and modes", arguments: StackTests.all)
    func asUnpacked(stack: StackTests.Stack) async throws {
        let fixture = try Fixture()
        var layers: [FilesystemLayer] = []
        for entries in stack.layers { layers.append(try await Fixture.layer(entries)) }
        let lease = try await fixture.store.lease(layers)
        let unpacked = try await TreeListing.lines(ofOverlay: lease.lowerDirectories)
        let found = try await indexes().directories(of: try Self.image(layers))
        #expect(Self.lines(found) == Self.lines(unpacked))
    }

    @Test("of a real image are those that unpacking leaves")
    func real() async throws {
        let fixture = try Fixture()
        let python = "docker.io/library/python:\(try Checkout.standardVersion(of: "python"))-slim"
        let image = try #require(
            try OCILayout(opening: Cache.directory + "/base-images").baseImage(
                named: try ImageReference(parsing: python),
                platform: .current
            )
        )
        let lease = try await fixture.store.lease(image)
        let unpacked = try await TreeListing.lines(ofOverlay: lease.lowerDirectories)
        let found = try await indexes().directories(of: image)
        #expect(found.places.count > 500)
        #expect(Self.lines(found) == Self.lines(unpacked))
    }

    @Test("are read once; what is torn or damaged is read again")
    func once() async throws {
        let tar = try await CraftedTar.bytes([
            .init(.directory, "app", mode: 0o700, owner: 1234), .init(.link, "l", to: "a"),
        ])
        let content = CountedContent(tar)
        var layer = Fixture.layer(tar: tar)
        layer.blob.source = .local(content)
        let image = try Self.image([layer])
        let first = try await indexes().directories(of: image)
        #expect(try await indexes().directories(of: image) == first)
        #expect(content.beginnings == 1)
        let name = try #require(try Directories.list(scratch("bases")).first)
        let whole = try Files.read(scratch("bases/\(name)"))
        var flipped = whole
        flipped[whole.count / 2] ^= 1
        for (count, bytes) in [Array(whole.dropLast(70)), flipped, []].enumerated() {
            try Files.writeAtomically(bytes, to: scratch("bases/\(name)"))
            #expect(try await indexes().directories(of: image) == first)
            #expect(content.beginnings == count + 2)
        }
        #expect(try Directories.list(scratch("bases")) == [name])
    }

    @Test("of a layer that is not what its digests say are not taken")
    func corrupted() async throws {
        let tar = try await CraftedTar.bytes([.init(.directory, "app")])
        let other = try await CraftedTar.bytes([.init(.directory, "other")])
        var layer = Fixture.layer(tar: tar)
        layer.diffID = Digest(of: other)
        let image = try Self.image([layer])
        let failure = await #expect(throws: BuildFailure.self) { try await indexes().directories(of: image) }
        #expect(failure?.code == .corrupted)
    }

    @Test("keep mode, owner, time and attributes in an image, and are reached through links, by umoci and podman alike")
    func inAnImage() async throws {
        let time = "1234567890.25"
        let base = try Self.image([
            try await Fixture.layer([
                .init(
                    .directory,
                    "app",
                    mode: 0o700,
                    owner: 1234,
                    records: ["mtime": time, "SCHILY.xattr.user.origin": "base"]
                ),
                .init(.directory, "data", mode: 0o1777, owner: 5, records: ["mtime": time]),
                .init(.link, "srv", to: "/data"),
                .init(.directory, "usr"), .init(.directory, "usr/bin", mode: 0o711), .init(.link, "bin", to: "usr/bin"),
            ])
        ])
        let below = LayerBase(try await indexes().directories(of: base))
        let layers = try [
            PlannedFile(path: "/app/main", content: "m", mode: 0o644),
            PlannedFile(path: "/srv/web/a", content: "a", mode: 0o644),
            PlannedFile(path: "/bin/tool", content: "t", mode: 0o755),
        ].map { file in
            try LayerWriter.writeLayer(
                files: [file],
                on: below,
                comment: file.path,
                settings: StepFixture.settings(in: scratch.path),
                cancellation: CancelFlag()
            )
        }
        try await write(base, layers)
        for layer in layers {
            guard case .local(let content) = layer.blob.source else { continue }
            let names = try await Command.output(["tar", "-tzf", "-"], input: try Files.bytes(of: content)).lines
            #expect(!names.contains { $0.hasPrefix("srv") || $0.hasPrefix("bin") }, "\(names)")
        }
        try await Command.output(["umoci", "unpack", "--image", "\(scratch("layout")):app", scratch("bundle")])
        try await look(at: scratch("bundle/rootfs"))
        let registry = try await RegistryServer()
        let name = "\(registry.host)/app:1"
        let copy = ["skopeo", "copy", "--quiet", "--dest-tls-verify=false", "oci:\(scratch("layout")):app"]
        try await Command.output(copy + ["docker://\(name)"])
        let podman = try Podman()
        do {
            try await podman.pull(name)
            try await look(at: try await podman.mount(name))
        } catch {
            try await podman.remove()
            throw error
        }
        try await podman.remove()
    }

    private func write(_ base: BaseImage, _ layers: [Layer]) async throws {
        let diffIDs = (base.config["rootfs"]?["diff_ids"]?.array ?? []) + layers.map { .string($0.diffID.description) }
        var config = base.config
        config["rootfs"] = ["type": "layers", "diff_ids": .array(diffIDs)]
        config["config"] = [:]
        let blobs = base.layers + layers.map(\.blob)
        let bytes = config.canonicalBytes
        let descriptor = Descriptor(mediaType: MediaType.ociConfig, digest: Digest(of: bytes), size: Int64(bytes.count))
        let manifest: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(MediaType.ociManifest), "config": descriptor.json,
            "layers": .array(blobs.map(\.descriptor.json)),
        ]
        let image = Image(
            manifest: manifest.canonicalBytes,
            manifestDescriptor: Descriptor(
                mediaType: MediaType.ociManifest,
                digest: Digest(of: manifest.canonicalBytes),
                size: Int64(manifest.canonicalBytes.count)
            ),
            config: bytes,
            configDescriptor: descriptor,
            layers: blobs
        )
        try await OCILayout.write(image, to: scratch("layout"), tag: "app") { _ in
            throw CommandFailed(description: "nothing is to be fetched")
        }
    }

    private func look(at root: String) async throws {
        let words = ["stat", "-c", "%a %u %Y", "app", "data", "usr/bin", "data/web"]
        let found = try await Command.output(words, in: root).lines
        #expect(found == ["700 1234 1234567890", "1777 5 1234567890", "711 0 7", "755 0 1"], "\(root)")
        let program = "import os; print(os.getxattr('app', 'user.origin').decode())"
        #expect(try await Command.output(["python3", "-c", program], in: root).lines == ["base"])
        for file in ["app/main", "data/web/a", "usr/bin/tool"] { #expect(Files.exists("\(root)/\(file)")) }
        #expect(try await Command.output(["readlink", "srv", "bin"], in: root).lines == ["/data", "usr/bin"])
    }

    private static func lines(_ found: BaseDirectories) -> [String] {
        found.places.map { path, place in
            let name = "./" + String(decoding: path, as: UTF8.self)
            switch place {
            case .directory(let header): return "\(name) 0o4\(octal(header.mode)) \(header.user) \(header.group)"
            case .link(let target): return "\(name) to=\(String(decoding: target, as: UTF8.self))"
            }
        }.sorted()
    }

    private static func lines(_ listing: [String]) -> [String] {
        listing.compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard words[0] != "." else { return nil }
            if words[1].hasPrefix("0o4") { return words.prefix(4).joined(separator: " ") }
            return words.first { $0.hasPrefix("to=") }.map { "\(words[0]) \($0)" }
        }.sorted()
    }

    private static func octal(_ mode: UInt32) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
