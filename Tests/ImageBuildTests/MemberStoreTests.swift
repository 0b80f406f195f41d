import BuildModel
import ImageBuild
import Platform
import TestSupport
import Testing

/// Members that earlier layers left.
@Suite struct MemberStoreTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch(in: "/dev/shm") }

    private static func items(changing changed: Int? = nil) -> [InMemoryTree.Item] {
        (0..<900).map { number in
            let path = "file-\(1000 + number)"
            let seed = UInt64(number == changed ? 10_000 : number)
            return .file(path, bytes: LayerFixture.noise(1000 + number * 17, seed: seed))
        } + [.file("large", bytes: LayerFixture.noise(3_300_000)), .link("link", "large"), .file("last", "x")]
    }

    /// Makes a layer with what the store has; tells what it cost.
    private func make(_ items: [InMemoryTree.Item], limit: Int64 = 1 << 30) throws -> (Layer, LayerWork) {
        var settings = LayerFixture.settings()
        settings.members = try MemberStore(directory: scratch("members"), limit: limit)
        var work = LayerWork()
        let layer = try LayerWriter.writeLayer(
            from: InMemoryTree(items: items),
            at: "/app",
            comment: "app source",
            settings: settings,
            cancellation: CancelFlag(),
            report: { work = $0 }
        )
        #expect(settings.members?.takeFailure() == nil)
        return (layer, work)
    }

    @Test("a layer that was made before is recalled whole, and is the same to the byte")
    func recalled() throws {
        let (first, cost) = try make(Self.items())
        let (second, again) = try make(Self.items())
        #expect(cost.recalledMembers == 0 && cost.compressedBytes == cost.bytes)
        #expect(again.recalledMembers == again.members && again.compressedBytes == 0)
        #expect(second.blob.descriptor == first.blob.descriptor)
        #expect(second.diffID == first.diffID)
        #expect(try LayerFixture.bytes(of: second) == LayerFixture.bytes(of: first))
        #expect(try LayerFixture.layer(Self.items()).blob.descriptor == first.blob.descriptor)
    }

    @Test("one changed file costs few members, and the bytes are those of a layer made anew", arguments: [0, 450, 899])
    func oneChanged(place: Int) throws {
        _ = try make(Self.items())
        let changed = Self.items(changing: place)
        let (layer, work) = try make(changed)
        #expect(work.members - work.recalledMembers <= 3)
        #expect(work.compressedBytes < work.bytes / 3)
        let anew = try LayerFixture.layer(changed)
        #expect(layer.blob.descriptor == anew.blob.descriptor)
        #expect(layer.diffID == anew.diffID)
    }

    @Test("what comes before a change is copied: neither read nor inflated nor hashed again")
    func copied() throws {
        let items = Self.items() + (0..<20).map { .file("more-\($0)", bytes: LayerFixture.noise(900_000, seed: $0)) }
        _ = try make(items)
        let (layer, work) = try make(items + [.file("new", "x")])
        #expect(work.inflatedBytes < 10 << 20)
        #expect(work.bytes - work.inflatedBytes - work.compressedBytes > 12 << 20)
        let anew = try LayerFixture.layer(items + [.file("new", "x")])
        #expect(layer.blob.descriptor == anew.blob.descriptor)
        #expect(layer.diffID == anew.diffID)
        #expect(try LayerFixture.bytes(of: layer) == LayerFixture.bytes(of: anew))
    }

    @Test("an added and a removed file cost few members: the cuts find each other again")
    func shifted() throws {
        _ = try make(Self.items())
        var added = Self.items()
        added.insert(.file("file-1100-new", bytes: LayerFixture.noise(90_000, seed: 77)), at: 101)
        let (layer, work) = try make(added)
        #expect(work.members - work.recalledMembers <= 4)
        #expect(layer.blob.descriptor == (try LayerFixture.layer(added).blob.descriptor))
        var removed = Self.items()
        removed.remove(at: 300)
        let (shorter, cost) = try make(removed)
        #expect(cost.members - cost.recalledMembers <= 4)
        #expect(shorter.blob.descriptor == (try LayerFixture.layer(removed).blob.descriptor))
    }

    @Test("a renamed file or another mode is another member")
    func headers() throws {
        _ = try make([.file("a", "text")])
        #expect(try make([.executable("a", "text")]).1.recalledMembers == 0)
        #expect(try make([.file("b", "text")]).1.recalledMembers == 0)
        #expect(try make([.file("a", "text")]).1.recalledMembers == 1)
    }

    @Test("damaged, torn and missing members are made again", arguments: ["flip", "cut", "empty", "swap", "remove"])
    func damaged(how: String) throws {
        let (first, _) = try make(Self.items())
        let names = try Directories.list(scratch("members"))
        for (index, name) in names.enumerated() {
            let path = scratch("members/\(name)")
            var bytes = try Files.read(path)
            switch how {
            case "flip": bytes[(index * 7919) % bytes.count] ^= 1
            case "cut": bytes.removeLast(1 + index % 30)
            case "empty": bytes = []
            case "swap": bytes = try Files.read(scratch("members/\(names[(index + 1) % names.count])"))
            default:
                try Files.remove(path)
                continue
            }
            try Files.writeAtomically(bytes, to: path)
        }
        let (layer, work) = try make(Self.items())
        #expect(layer.blob.descriptor == first.blob.descriptor)
        #expect(layer.diffID == first.diffID)
        // Of two members that swap places, the first may have been mended when its turn comes.
        #expect(work.recalledMembers == 0)
        #expect(try make(Self.items()).1.compressedBytes == 0)
    }

    @Test("the store stays within its limit and drops what nobody asked for the longest")
    func limited() throws {
        let small: [InMemoryTree.Item] = [.file("small", bytes: LayerFixture.noise(20_000))]
        _ = try make(small)
        for seed in UInt64(1)..<12 {
            _ = try make([.file("f", bytes: LayerFixture.noise(600_000, seed: seed))], limit: 3 << 20)
            #expect(try make(small, limit: 3 << 20).1.recalledMembers == 1)
        }
        let size = try Directories.files(in: scratch("members")).reduce(0) { $0 + $1.size }
        #expect(size <= (3 << 20) + (700 << 10))
    }

    @Test("a store that cannot be written costs time only, and says why")
    func unwritable() throws {
        var settings = LayerFixture.settings()
        let store = try MemberStore(directory: scratch("gone"), limit: 1 << 20)
        try Directories.remove(scratch("gone"))
        settings.members = store
        let layer = try LayerWriter.writeLayer(
            from: InMemoryTree(items: [.file("a", "text")]),
            at: "/app",
            comment: "",
            settings: settings,
            cancellation: CancelFlag()
        )
        #expect(layer.blob.descriptor == (try LayerFixture.layer([.file("a", "text")]).blob.descriptor))
        #expect(store.takeFailure()?.message.contains("gone") == true)
    }

    @Test("members of small files have a MiB in the mean")
    func sizes() throws {
        let items = (0..<4000).map { number in
            InMemoryTree.Item.file("f\(number)", bytes: LayerFixture.noise(number * 7919 % 9000, seed: UInt64(number)))
        }
        let (_, work) = try make(items)
        #expect((700 << 10...1400 << 10).contains(Int(work.bytes) / work.members))
    }

    @Test("a file that has another size than promised is a damaged repository", arguments: [17_100_000, 17_300_000])
    func promised(size: Int64) throws {
        let error = #expect(throws: BuildFailure.self) { try LayerFixture.layer(LyingTree(size: size)) }
        #expect(error?.code == .corrupted)
        #expect(error?.message.contains("'liar'") == true)
    }
}

/// A tree whose file has more bytes than it says.
private struct LyingTree: StoredTree {
    let id = ObjectID(bytes: [UInt8](repeating: 4, count: 20))
    let size: Int64

    var blobs: any BlobReader { InMemoryBlobs([id: [UInt8](repeating: 1, count: 17_200_000)]) }

    func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws {
        _ = try visit(TreeEntry(kind: .file, path: Array("liar".utf8), objectID: id, size: size))
    }

    func entry(at path: String) -> TreeEntry? { nil }

    func withContent<Result>(of entry: TreeEntry, limit: Int64, _ body: (RawSpan) throws -> Result) throws -> Result {
        try body([UInt8]().span.bytes)
    }
}
