import BuildModel
import Glibc
import ImageBuild
import Platform
import Synchronization
import TestSupport
import Testing

/// Files of a MiB and more, which have members of their own: held whole up to 8 MiB, read in parts above.
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
        let progress = Progress()
        let tree = WatchedTree(size: size, whenRead: { progress.wait() }) {
            progress.walkWentOn.withLock { $0 = true }
        }
        _ = try LayerFixture.layer(tree, width: 16)
        #expect(progress.sawWalkGoOn.withLock { $0 })
    }

    @Test("a large file of a layer that was given up is not read any more")
    func abandoned() async throws {
        var settings = LayerFixture.settings()
        settings.processors = BlockingPool(label: "test.layers", width: 1)
        let (flag, isOver, reads) = (CancelFlag(), CancelFlag(), ReadCounter())
        // The pool has others to serve until the layer is given up.
        settings.processors.submit { while !isOver.isSet { usleep(1000) } }
        let tree = WatchedTree(size: 3 << 20, whenRead: { reads.count.withLock { $0 += 1 } }) { flag.set() }
        #expect(throws: BuildFailure.self) {
            try LayerWriter.writeLayer(
                from: tree,
                at: "/app",
                comment: "app source",
                settings: settings,
                cancellation: flag
            )
        }
        isOver.set()
        try await settings.processors.run {}
        #expect(reads.count.withLock { $0 } == 0)
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

private final class ReadCounter: Sendable {
    let count = Mutex(0)
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

/// A large file, whose readers and whose end are told, and a small one.
private struct WatchedTree: StoredTree {
    let size: Int
    /// Called for the large one alone.
    let whenRead: @Sendable () -> Void
    let whenPassed: @Sendable () -> Void
    let id = ObjectID(bytes: [UInt8](repeating: 5, count: 20))
    private let other = ObjectID(bytes: [UInt8](repeating: 6, count: 20))

    var blobs: any BlobReader {
        WatchedBlobs(
            whenRead: whenRead,
            large: id,
            blobs: InMemoryBlobs([id: [UInt8](repeating: 1, count: size), other: [1]])
        )
    }

    init(size: Int, whenRead: @escaping @Sendable () -> Void, whenPassed: @escaping @Sendable () -> Void) {
        (self.size, self.whenRead, self.whenPassed) = (size, whenRead, whenPassed)
    }

    func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws {
        _ = try visit(TreeEntry(kind: .file, path: Array("large".utf8), objectID: id, size: Int64(size)))
        whenPassed()
        _ = try visit(TreeEntry(kind: .file, path: Array("small".utf8), objectID: other, size: 1))
    }

    func entry(at path: String) -> TreeEntry? { nil }

    func withContent<Result>(of entry: TreeEntry, limit: Int64, _ body: (RawSpan) throws -> Result) throws -> Result {
        try body([UInt8]().span.bytes)
    }
}

private struct WatchedBlobs: BlobReader {
    let whenRead: @Sendable () -> Void
    let large: ObjectID
    let blobs: InMemoryBlobs

    func read(_ id: ObjectID, into buffer: UnsafeMutableRawBufferPointer) throws {
        if id == large { whenRead() }
        try blobs.read(id, into: buffer)
    }

    func forEachPiece(of id: ObjectID, size: Int64, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        if id == large { whenRead() }
        try blobs.forEachPiece(of: id, size: size, body)
    }

    func parts(of id: ObjectID, size: Int64) throws -> any BlobParts {
        if id == large { whenRead() }
        return try blobs.parts(of: id, size: size)
    }
}
