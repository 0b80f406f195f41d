import BuildModel
import Glibc
import ImageBuild
import Platform
import Synchronization
import TestSupport
import Testing

/// Files of a MiB and more, which have members of their own: held whole up to 16 MiB, read in parts above.
@Suite struct LargeContentTests {
    private static let items: [InMemoryTree.Item] = [
        .file("a", bytes: LayerFixture.noise(3_300_000, seed: 1)), .file("b", "small"),
        .file("c", bytes: LayerFixture.noise((16 << 20) + 70_001, seed: 2)), .file("d", "small"),
        .file("e", bytes: LayerFixture.noise(1 << 20, seed: 3)),
        .file("f", bytes: LayerFixture.noise(5 << 20, seed: 4)),
    ]

    @Test(
        "a large file is read on the threads that compress, while the walk goes on",
        arguments: [3 << 20, (16 << 20) + 1]
    )
    func beside(size: Int) throws {
        let tree = WatchedTree(size: size)
        _ = try LayerFixture.layer(tree, width: 16)
        #expect(tree.progress.sawWalkGoOn.withLock { $0 })
    }

    @Test("the bytes are the same on any number of threads, and are what tar reads")
    func threads() async throws {
        let tree = InMemoryTree(items: Self.items)
        let layers = try [1, 2, 7].map { try LayerFixture.layer(tree, width: $0) }
        #expect(Set(layers.map(\.blob.descriptor)).count == 1)
        let input = try LayerFixture.bytes(of: layers[0])
        for item in Self.items {
            let words = ["tar", "-xzO", "-f", "-", "app/" + String(decoding: item.path, as: UTF8.self)]
            let content = try await Command.output(words, input: input).output
            #expect(content == item.content, "\(words)")
        }
    }

    @Test("parts whose members are kept are passed over", arguments: [0, 2])
    func kept(turn: Int) throws {
        let scratch = try Scratch(in: "/dev/shm")
        var settings = LayerFixture.settings()
        settings.members = try MemberStore(directory: scratch("members"), limit: 1 << 30)
        func make() throws -> Layer {
            try LayerWriter.writeLayer(
                from: InMemoryTree(items: Self.items),
                at: "/app",
                comment: "app source",
                settings: settings,
                cancellation: CancelFlag()
            )
        }
        let first = try make()
        for (index, name) in try Directories.list(scratch("members")).sorted().enumerated() where index % 4 != turn {
            try Files.remove(scratch("members/\(name)"))
        }
        let again = try make()
        #expect(again.blob.descriptor == first.blob.descriptor)
        #expect(again.diffID == first.diffID)
        #expect(try LayerFixture.bytes(of: again) == LayerFixture.bytes(of: first))
    }
}

/// What a walk and a reader know of each other.
private final class Progress: Sendable {
    let walkWentOn = Mutex(false)
    let sawWalkGoOn = Mutex(false)

    /// Waits until the walk has come past the file that is read.
    func wait() {
        for _ in 0..<60_000 where !walkWentOn.withLock({ $0 }) { usleep(1000) }
        let wentOn = walkWentOn.withLock { $0 }
        sawWalkGoOn.withLock { $0 = wentOn }
    }
}

/// A large file, whose reader waits until the walk has left it, and a small one.
private struct WatchedTree: StoredTree {
    let progress = Progress()
    let size: Int
    let id = ObjectID(bytes: [UInt8](repeating: 5, count: 20))
    private let other = ObjectID(bytes: [UInt8](repeating: 6, count: 20))

    var blobs: any BlobReader {
        WatchedBlobs(
            progress: progress,
            large: id,
            blobs: InMemoryBlobs([id: [UInt8](repeating: 1, count: size), other: [1]])
        )
    }

    init(size: Int) { self.size = size }

    func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws {
        _ = try visit(TreeEntry(kind: .file, path: Array("large".utf8), objectID: id, size: Int64(size)))
        progress.walkWentOn.withLock { $0 = true }
        _ = try visit(TreeEntry(kind: .file, path: Array("small".utf8), objectID: other, size: 1))
    }

    func entry(at path: String) -> TreeEntry? { nil }

    func withContent<Result>(of entry: TreeEntry, limit: Int64, _ body: (RawSpan) throws -> Result) throws -> Result {
        try body([UInt8]().span.bytes)
    }
}

private struct WatchedBlobs: BlobReader {
    let progress: Progress
    let large: ObjectID
    let blobs: InMemoryBlobs

    func read(_ id: ObjectID, into buffer: UnsafeMutableRawBufferPointer) throws {
        if id == large { progress.wait() }
        try blobs.read(id, into: buffer)
    }

    func forEachPiece(of id: ObjectID, size: Int64, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        if id == large { progress.wait() }
        try blobs.forEachPiece(of: id, size: size, body)
    }

    func parts(of id: ObjectID, size: Int64) throws -> any BlobParts {
        if id == large { progress.wait() }
        return try blobs.parts(of: id, size: size)
    }
}
