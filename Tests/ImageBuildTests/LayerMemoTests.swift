import BuildModel
import ImageBuild
import Platform
import Synchronization
import TestSupport
import Testing

/// Layers that are known before they are made.
@Suite struct LayerMemoTests {
    private static let items: [InMemoryTree.Item] = [.directory("bin"), .executable("bin/run", "#!/bin/sh\n")]
    private let scratch: Scratch
    private let settings = LayerFixture.settings()
    private let tree = ObjectID(bytes: [UInt8](repeating: 7, count: 20))

    init() throws { scratch = try Scratch() }

    private func key(_ directory: String = "/app") throws -> LayerKey {
        try LayerKey(tree: tree, at: directory, settings: settings)
    }

    @Test("a remembered layer is known without making it, in another process too")
    func remembered() throws {
        let layer = try LayerFixture.layer(Self.items)
        let key = try key()
        try LayerMemo(in: scratch.path).remember(layer, for: key)
        let memo = LayerMemo(in: scratch.path)
        let found = try #require(
            try memo.layer(for: key, comment: "again") { _ in
                Issue.record("the layer was made")
                return layer
            }
        )
        #expect(found.blob.descriptor == layer.blob.descriptor)
        #expect(found.diffID == layer.diffID)
        #expect(found.tarSize == layer.tarSize)
        #expect(found.comment == "again")
    }

    @Test("a layer that was never made is not remembered")
    func unknown() throws {
        let memo = LayerMemo(in: scratch.path)
        let key = try key()
        #expect(try memo.layer(for: key, comment: "") { _ in throw InMemoryTree.Missing() } == nil)
        try memo.remember(try LayerFixture.layer(Self.items), for: try self.key("/srv"))
        #expect(try memo.layer(for: key, comment: "") { _ in throw InMemoryTree.Missing() } == nil)
    }

    @Test("a remembered layer of zstd has the type of one")
    func zstd() throws {
        let settings = LayerFixture.settings(format: .zstd)
        let key = try LayerKey(tree: tree, at: "/app", settings: settings)
        let layer = try LayerFixture.layer(InMemoryTree(items: Self.items), format: .zstd)
        let memo = LayerMemo(in: scratch.path)
        try memo.remember(layer, for: key)
        let found = try memo.layer(for: key, comment: "") { _ in throw InMemoryTree.Missing() }
        #expect(found?.blob.descriptor == layer.blob.descriptor)
        #expect(found?.blob.descriptor.mediaType == "application/vnd.oci.image.layer.v1.tar+zstd")
    }

    @Test("lacking bytes are made again, and are the same")
    func madeAgain() async throws {
        let memo = LayerMemo(in: scratch.path)
        let layer = try LayerFixture.layer(Self.items)
        try memo.remember(layer, for: try key())
        let found = try #require(
            try memo.layer(for: try key(), comment: "") { _ in try LayerFixture.layer(Self.items) }
        )
        guard case .deferred(let make) = found.blob.source else {
            Issue.record("the bytes are not deferred")
            return
        }
        #expect(try Files.bytes(of: InMemoryContent(try LayerFixture.bytes(of: layer))) == (try await bytes(make())))
    }

    @Test("other bytes than remembered are an error that names both codecs, and are forgotten")
    func different() async throws {
        let memo = LayerMemo(in: scratch.path)
        let key = try key()
        try memo.remember(try LayerFixture.layer(Self.items), for: key)
        let found = try #require(
            try memo.layer(for: key, comment: "") { _ in try LayerFixture.layer([.file("other", "bytes")]) }
        )
        guard case .deferred(let make) = found.blob.source else { return }
        let failure = await #expect(throws: BuildFailure.self) { try await make() }
        #expect(failure?.code == .corrupted)
        let codec = try settings.codec
        #expect(failure?.message.ranges(of: codec).count == 2)
        #expect(
            try LayerMemo(in: scratch.path).layer(for: key, comment: "") { _ in throw InMemoryTree.Missing() } == nil
        )
    }

    @Test("whatever changes a layer changes its key")
    func keys() throws {
        let file = PlannedFile(path: "/app/x", content: "x", mode: 0o644)
        var other = settings
        other.compression = .small
        var packed = settings
        packed.format = .zstd
        var limited = settings
        limited.maximumBlobBytes = 10
        let keys = [
            try key(), try key("/srv"),
            try LayerKey(tree: ObjectID(bytes: [UInt8](repeating: 8, count: 20)), at: "/app", settings: settings),
            try LayerKey(tree: tree, at: "/app", ownership: .init(user: 1, group: 0), settings: settings),
            try LayerKey(tree: tree, at: "/app", ownership: .init(user: 0, group: 1), settings: settings),
            try LayerKey(tree: tree, at: "/app", files: [file], settings: settings),
            try LayerKey(tree: tree, at: "/app", settings: other),
            try LayerKey(tree: tree, at: "/app", settings: limited),
            try LayerKey(tree: tree, at: "/app", settings: packed),
        ]
        #expect(Set(keys).count == keys.count)
        #expect(try key() == key())
    }

    @Test("a codec is named by what it does, the same every time")
    func codec() throws {
        let zstd = LayerFixture.settings(format: .zstd)
        #expect(try zstd.codec == LayerFixture.settings(width: 5, format: .zstd).codec)
        #expect(try zstd.codec.wholeMatch(of: /zstd-libzstd-balanced-v[0-9]+-[0-9a-f]{8}/) != nil)
        #expect(try settings.codec == LayerFixture.settings(width: 5).codec)
        #expect(try settings.codec.wholeMatch(of: /gzip-libdeflate-balanced-v[0-9]+-[0-9a-f]{8}/) != nil)
    }

    @Test("a layout that lacks a remembered layer has it made; one that has it asks for nothing")
    func layout() async throws {
        let memo = LayerMemo(in: scratch.path)
        try memo.remember(try ImageFixture.appLayer(), for: try key())
        let made = Mutex(0)
        let layer = try #require(
            try memo.layer(for: try key(), comment: "") { _ in
                made.withLock { $0 += 1 }
                return try ImageFixture.appLayer()
            }
        )
        let image = try ImageAssembler.assemble(
            base: try ImageFixture.base(),
            layers: [layer],
            plan: try ImageFixture.plan(),
            revision: ImageFixture.revision(),
            created: ImageFixture.created
        )
        for _ in 0..<2 { try await ImageFixture.write(image, to: scratch("layout"), tag: "app") }
        #expect(made.withLock { $0 } == 1)
    }

    @Test("what one node made the other nodes know, notes as well, and forget when it turns out wrong")
    func farm() async throws {
        let farm = FarmInMemory()
        let other = try Scratch()
        let key = try key()
        let here = LayerMemo(in: scratch.path, farm: farm)
        try here.remember(try LayerFixture.layer(Self.items), for: key)
        try here.remember(note: "a,b", for: key.noteKey)
        try await here.share([key.digest, key.noteKey])
        let there = LayerMemo(in: other.path, farm: farm)
        #expect(try await there.learn([key.digest, key.noteKey]))
        #expect(try there.note(for: key.noteKey) == "a,b")
        let found = try #require(
            try there.layer(for: key, comment: "") { _ in try LayerFixture.layer([.file("x", "y")]) }
        )
        guard case .deferred(let make) = found.blob.source else { return }
        _ = await #expect(throws: BuildFailure.self) { try await make() }
        let third = try Scratch()
        #expect(try await !LayerMemo(in: third.path, farm: farm).learn([key.digest]))
    }

    @Test("what is no layer in the farm's memory is not taken", arguments: ["", "=", "= a b", "x y", "= a\nb", "-"])
    func foreign(value: String) async throws {
        let farm = FarmInMemory()
        let key = try key()
        try farm.remember(value, for: key.digest)
        let memo = LayerMemo(in: scratch.path, farm: farm)
        #expect(try await !memo.learn([key.digest]))
        #expect(try memo.note(for: key.digest) == nil)
    }

    private func bytes(_ content: any BlobContent) throws -> [UInt8] { try Files.bytes(of: content) }
}
