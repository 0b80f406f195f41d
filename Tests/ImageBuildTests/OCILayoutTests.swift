import BuildModel
import Documents
import Glibc
import Platform
import TestSupport
import Testing

@testable import ImageBuild

/// Layouts that other tools read, and that other tools wrote: OCI image spec, image-layout.md.
@Suite struct OCILayoutTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch(in: "/dev/shm") }

    private func index(_ directory: String) throws -> JSONValue {
        try JSONDocument.parse(try Files.read(directory + "/index.json"))
    }

    private func tags(_ directory: String) throws -> [String] {
        try index(directory)["manifests"]?.array?.map {
            $0["annotations"]?["org.opencontainers.image.ref.name"]?.string ?? "(none)"
        } ?? []
    }

    @Test("umoci unpacks an image, and finds base and app in it")
    func umoci() async throws {
        try await ImageFixture.write(try ImageFixture.image(), to: scratch("layout"), tag: "app")
        try await Command.output(["umoci", "unpack", "--rootless", "--image", scratch("layout:app"), scratch("bundle")])
        #expect(String(decoding: try Files.read(scratch("bundle/rootfs/app/grüße")), as: UTF8.self) == "hallo")
        #expect(Files.exists(scratch("bundle/rootfs/usr/share/base/os-release")))
        let config = try JSONDocument.parse(try Files.read(scratch("bundle/config.json")))
        #expect(config["process"]?["args"] == ["python", "main.py"])
        #expect(config["process"]?["cwd"] == "/app/site")
    }

    @Test("umoci counts history and layers alike")
    func umociStat() async throws {
        try await ImageFixture.write(try ImageFixture.image(), to: scratch("layout"), tag: "app")
        let stat = try await Command.output(["umoci", "stat", "--image", scratch("layout:app"), "--json"])
        let history = try #require(try JSONDocument.parse(stat.output)["history"]?.array)
        #expect(history.count == 2)
        #expect(history.allSatisfy { $0["layer"]?.object != nil })
        #expect(history.last?["comment"] == "app source")
    }

    @Test("skopeo copies an image without changing a digest")
    func skopeo() async throws {
        let image = try ImageFixture.image()
        try await ImageFixture.write(image, to: scratch("layout"), tag: "app")
        try await Command.output(["skopeo", "copy", "-q", "oci:\(scratch("layout")):app", "dir:\(scratch("copied"))"])
        #expect(try Files.read(scratch("copied/manifest.json")) == image.manifest)
        for blob in image.layers {
            let bytes = try Files.read(scratch("copied/\(blob.descriptor.digest.hex)"))
            #expect(Digest(of: bytes) == blob.descriptor.digest)
        }
    }

    @Test("an image without a tag is the layout's only one without, and skopeo finds it")
    func untagged() async throws {
        try await ImageFixture.write(try ImageFixture.image(), to: scratch("layout"), tag: nil)
        let image = try ImageFixture.image(environment: ["A": "1"])
        try await ImageFixture.write(image, to: scratch("layout"), tag: nil)
        #expect(try tags(scratch("layout")) == ["(none)"])
        let raw = try await Command.output(["skopeo", "inspect", "--raw", "oci:\(scratch("layout"))"])
        #expect(raw.output == image.manifest)
    }

    @Test("an image without a tag leaves what is attached to others where it is")
    func attachments() async throws {
        let layout = scratch("layout")
        try await ImageFixture.write(try ImageFixture.image(), to: layout, tag: "app")
        let app = try #require(try index(layout)["manifests"]?.array?.first)
        // One says so in its entry, one in its manifest alone.
        for artifactType in ["application/spdx+json", nil] {
            var attached: [String: JSONValue] = ["schemaVersion": 2, "subject": app]
            attached["config"] = .string(artifactType ?? "")
            let bytes = JSONValue.object(attached).canonicalBytes
            let descriptor = Descriptor(
                mediaType: MediaType.ociManifest,
                digest: Digest(of: bytes),
                size: Int64(bytes.count)
            )
            try Files.writeAtomically(bytes, to: "\(layout)/blobs/sha256/\(descriptor.digest.hex)")
            var entry = descriptor.json.object ?? [:]
            entry["artifactType"] = artifactType.map { .string($0) }
            let opened = try OCILayout(opening: layout)
            try opened.replaceEntries(try opened.entries() + [.object(entry)])
        }
        for variable in ["1", "2"] {
            try await ImageFixture.write(try ImageFixture.image(environment: ["A": variable]), to: layout, tag: nil)
        }
        #expect(try tags(layout).sorted() == ["(none)", "(none)", "(none)", "app"])
    }

    @Test("writing a tag again replaces it and keeps the others")
    func tagsAreKept() async throws {
        let one = try ImageFixture.image()
        let two = try ImageFixture.image(environment: ["A": "1"])
        for (image, tag) in [(one, "one"), (one, "two"), (two, "two"), (one, "one")] {
            try await ImageFixture.write(image, to: scratch("layout"), tag: tag)
        }
        #expect(try tags(scratch("layout")).sorted() == ["one", "two"])
        let raw = try await Command.output(["skopeo", "inspect", "--raw", "oci:\(scratch("layout")):two"])
        #expect(raw.output == two.manifest)
    }

    @Test("a write that fails leaves the layout as it was, and no file of its own")
    func interrupted() async throws {
        let layout = scratch("layout")
        try await ImageFixture.write(try ImageFixture.image(), to: layout, tag: "app")
        let before = try Files.read(layout + "/index.json")
        var base = try ImageFixture.base([[.file("new", "new")], [.file("newer", "newer")]])
        let first = base.layers[0]
        for number in base.layers.indices { base.layers[number].source = .registry(base.name) }
        await #expect(throws: InMemoryTree.Missing.self) {
            try await OCILayout.write(try ImageFixture.image(base: base), to: layout, tag: "app") { blob in
                guard blob.descriptor == first.descriptor else { throw InMemoryTree.Missing() }
                return InMemoryContent(try LayerFixture.bytes(of: first))
            }
        }
        #expect(try Files.read(layout + "/index.json") == before)
        #expect(try Directories.list(layout) == ["blobs", "index.json", "oci-layout"])
        #expect(try Directories.list(layout + "/blobs/sha256").allSatisfy { $0.utf8.count == 64 })
        try await Command.output(["umoci", "unpack", "--rootless", "--image", layout + ":app", scratch("bundle")])
    }

    @Test("a process killed in the middle of a blob leaves the layout readable and the next write whole")
    func killed() async throws {
        let layout = scratch("layout")
        try await ImageFixture.write(try ImageFixture.image(), to: layout, tag: "app")
        let before = try Files.read(layout + "/index.json")
        await #expect(processExitsWith: .signal(SIGKILL)) { [layout = layout as String] in
            var base = try ImageFixture.base([[.file("large", bytes: LayerFixture.noise(4 << 20))]])
            guard case .local(let content) = base.layers[0].source else { return }
            base.layers[0].source = .local(DeadlyContent(content: content))
            try await ImageFixture.write(try ImageFixture.image(base: base), to: layout, tag: "app")
        }
        #expect(try Files.read(layout + "/index.json") == before)
        #expect(try Directories.list(layout + "/blobs/sha256").count == 4)
        try await Command.output(["umoci", "unpack", "--rootless", "--image", layout + ":app", scratch("before")])
        let base = try ImageFixture.base([[.file("large", bytes: LayerFixture.noise(4 << 20))]])
        try await ImageFixture.write(try ImageFixture.image(base: base), to: layout, tag: "app")
        try await Command.output(["umoci", "unpack", "--rootless", "--image", layout + ":app", scratch("after")])
        #expect(Files.exists(scratch("after/rootfs/usr/share/base/large")))
    }

    @Test("a fetched blob with other bytes is not stored", arguments: [-1, 0, 1])
    func wrongBytes(difference: Int) async throws {
        var base = try ImageFixture.base()
        var bytes = try LayerFixture.bytes(of: base.layers[0])
        switch difference {
        case -1: bytes.removeLast()
        case 1: bytes.append(0)
        default: bytes[bytes.count / 2] ^= 1
        }
        let content = InMemoryContent(bytes)
        base.layers[0].source = .registry(base.name)
        let image = try ImageFixture.image(base: base)
        let error = await #expect(throws: BuildFailure.self) {
            try await OCILayout.write(image, to: scratch("layout"), tag: "app") { _ in content }
        }
        #expect(error?.code == .corrupted)
        #expect(error?.message.contains(base.layers[0].descriptor.digest.hex) == true)
        #expect(try tags(scratch("layout")) == [])
        #expect(try Directories.list(scratch("layout/blobs/sha256")).isEmpty)
    }

    @Test("a damaged blob is written again")
    func repair() async throws {
        let image = try ImageFixture.image()
        try await ImageFixture.write(image, to: scratch("layout"), tag: "app")
        let path = scratch("layout/blobs/sha256/\(image.layers[1].descriptor.digest.hex)")
        let good = try Files.read(path)
        try Files.writeAtomically(Array(repeating: 0, count: good.count), to: path)
        try await ImageFixture.write(image, to: scratch("layout"), tag: "app")
        #expect(try Files.read(path) == good)
    }

    @Test("a blob that is there already is not fetched")
    func presentBlobs() async throws {
        var base = try ImageFixture.base()
        try await ImageFixture.write(try ImageFixture.image(base: base), to: scratch("layout"), tag: "one")
        base.layers[0].source = .registry(base.name)
        try await ImageFixture.write(try ImageFixture.image(base: base), to: scratch("layout"), tag: "two")
        #expect(try tags(scratch("layout")) == ["one", "two"])
    }

    @Test("a directory with other things in it is left alone")
    func foreignDirectory() async throws {
        try scratch.write("precious", to: "home/notes.txt")
        let error = await #expect(throws: BuildFailure.self) {
            try await ImageFixture.write(try ImageFixture.image(), to: scratch("home"), tag: "app")
        }
        #expect(error?.code == .invalidLayout)
        #expect(error?.message.contains("notes.txt") == true)
        #expect(try Directories.list(scratch("home")) == ["notes.txt"])
    }

    @Test("a cancelled write ends and leaves a layout without an image")
    func cancelled() async throws {
        var base = try ImageFixture.base()
        base.layers[0].source = .registry(base.name)
        let image = try ImageFixture.image(base: base)
        let directory = scratch("layout")
        let task = Task {
            try await OCILayout.write(image, to: directory, tag: "app") { _ in
                try await Task.sleep(for: .seconds(600))
                return InMemoryContent([])
            }
        }
        try await eventually("the layout was begun") { Files.exists(directory + "/oci-layout") }
        task.cancel()
        await #expect(throws: (any Error).self) { try await task.value }
        #expect(try tags(directory) == [])
        #expect(try await Command.output(["umoci", "ls", "--layout", directory]).lines == [])
    }

    @Test("several that write at once into a new layout all leave their images in it")
    func together() async throws {
        let directory = scratch("layout")
        let names = (0..<16).map { "app-\($0 + 10)" }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in names {
                let image = try ImageFixture.image(environment: ["NAME": name])
                group.addTask { try await ImageFixture.write(image, to: directory, tag: name) }
            }
            try await group.waitForAll()
        }
        #expect(try tags(directory).sorted() == names)
        #expect(try Directories.list(directory) == ["blobs", "index.json", "oci-layout"])
    }

    @Test("what an interrupted first write may leave is written over; a directory that holds more is not touched")
    func remains() async throws {
        let directory = scratch("layout")
        try Directories.create("\(directory)/blobs/sha256")
        for name in ["index.json.7.1", "oci-layout.7.2", ".slipway-lock"] {
            try scratch.write("{", to: "layout/\(name)")
        }
        try await ImageFixture.write(try ImageFixture.image(), to: directory, tag: "app")
        #expect(try tags(directory) == ["app"])
        for foreign in ["blobs/sha256/a", "blobs/notes", "index.json"] {
            try scratch.write("{}", to: "\(foreign.utf8.count)/\(foreign)")
            let error = await #expect(throws: BuildFailure.self) {
                try await ImageFixture.write(try ImageFixture.image(), to: scratch("\(foreign.utf8.count)"), tag: "app")
            }
            #expect(error?.code == .invalidLayout)
        }
    }
}

/// A blob whose reader is killed when the first megabyte has been written.
private struct DeadlyContent: BlobContent {
    let content: any BlobContent

    var size: Int64 { content.size }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(BuildFailure) -> Int {
        if offset > 0 { kill(getpid(), SIGKILL) }
        return try content.read(at: offset, into: buffer)
    }
}
