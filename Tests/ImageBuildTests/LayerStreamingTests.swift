import BuildModel
import ImageBuild
import Platform
import Synchronization
import TestSupport
import Testing

/// Remembered layers that are made again while somebody reads them. One at a time: a process has few such readers at once, and makes the
/// layers of others whole first.
@Suite(.serialized) struct LayerStreamingTests {
    private static let tree = InMemoryTree(
        items: (0..<400).map { .file("file-\(1000 + $0)", bytes: LayerFixture.noise(9000, seed: UInt64($0))) }
            + [.file("large", bytes: LayerFixture.noise(14 << 20))]
    )
    private let scratch: Scratch
    private let key: LayerKey
    private let layer: Layer
    private let pool = BlockingPool(label: "test.reading", width: 1)

    init() throws {
        scratch = try Scratch(in: "/dev/shm")
        key = try LayerKey(
            tree: ObjectID(bytes: [UInt8](repeating: 7, count: 20)),
            at: "/app",
            settings: LayerFixture.settings()
        )
        layer = try LayerFixture.layer(Self.tree)
    }

    /// Bytes of files without a name that were written while `use` had the layer's content.
    private func stream(
        remembering remembered: Layer? = nil,
        makes: @escaping @Sendable () -> Void = {},
        _ use: @escaping DeferredContent.Use
    ) async throws {
        let memo = LayerMemo(in: scratch.path)
        try memo.remember(remembered ?? layer, for: key)
        let found = try #require(
            try memo.layer(for: key, comment: "") { output in
                makes()
                // There is no such directory: whoever wants to keep bytes fails.
                var settings = LayerSettings(
                    processors: BlockingPool(label: "test.layers", width: 2),
                    spoolDirectory: "/dev/shm/there/is/none"
                )
                settings.output = output
                let (made, tree) = (settings, Self.tree)
                return try await BlockingPool(label: "test.making", width: 1).run {
                    try LayerWriter.writeLayer(
                        from: tree,
                        at: "/app",
                        comment: "app source",
                        settings: made,
                        cancellation: CancelFlag()
                    )
                }
            }
        )
        guard case .deferred(let content) = found.blob.source else { return }
        try await content.whileStreaming(use)
    }

    private static func read(_ content: any BlobContent, _ range: Range<Int64>) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try content.forEachPiece(range) { bytes.append(contentsOf: $0) }
        return bytes
    }

    @Test("have the same bytes, and no file has any of them")
    func whole() async throws {
        let expected = try LayerFixture.bytes(of: layer)
        let makes = Mutex(0)
        try await stream(makes: { makes.withLock { $0 += 1 } }) { content in
            #expect(content.size == Int64(expected.count))
            let bytes = try await pool.run { try Self.read(content, 0..<content.size) }
            #expect(bytes == expected)
        }
        #expect(makes.withLock { $0 } == 1)
    }

    @Test("are made again for whoever begins anew, or goes on elsewhere")
    func again() async throws {
        let expected = try LayerFixture.bytes(of: layer)
        let size = layer.blob.descriptor.size
        try await stream { content in
            for range in [0..<size / 2, 0..<size / 3, size / 2..<size, 1000..<1010, size - 1..<size, 0..<size] {
                let bytes = try await pool.run { try Self.read(content, range) }
                #expect(bytes == Array(expected[Int(range.lowerBound)..<Int(range.upperBound)]), "\(range)")
            }
        }
    }

    @Test("tell when there is something to read, and end when nobody reads any more")
    func readiness() async throws {
        try await stream { content in
            let told = Mutex(false)
            while !content.isReadable(at: 0, orElse: { told.withLock { $0 = true } }) {
                try await eventually("there is something to read") { told.withLock { $0 } }
            }
            let bytes = try await pool.run { try Self.read(content, 0..<10) }
            #expect(bytes.starts(with: [0x1f, 0x8b]))
        }
    }

    @Test(
        "that turn out to be other ones are an error that names both codecs, before the last of them is out",
        arguments: [-1, 1]
    )
    func different(size: Int64) async throws {
        var other = layer
        other.blob.descriptor.size += size
        other.blob.descriptor.digest = Digest(of: "other")
        let taken = Mutex<Int64>(0)
        let failure = await #expect(throws: BuildFailure.self) {
            try await stream(remembering: other) { content in
                try await pool.run {
                    try content.forEachPiece(0..<content.size) { piece in taken.withLock { $0 += Int64(piece.count) } }
                }
            }
        }
        #expect(failure?.code == .corrupted)
        let codec = try LayerFixture.settings().codec
        #expect(failure?.message.ranges(of: codec).count == 2)
        #expect(taken.withLock { $0 } < other.blob.descriptor.size)
        let memo = LayerMemo(in: scratch.path)
        #expect(try memo.layer(for: key, comment: "") { _ in throw InMemoryTree.Missing() } == nil)
    }

    @Test("end with what their reader throws")
    func readerFails() async throws {
        await #expect(throws: InMemoryTree.Missing.self) {
            try await stream { content in
                _ = try await pool.run { try Self.read(content, 0..<100) }
                throw InMemoryTree.Missing()
            }
        }
    }
}
