import BuildModel
import Platform
import RootFilesystem
import TestSupport
import Testing

@Suite("The store of root filesystems")
struct StoreTests {
    private static func layers(_ names: String...) async throws -> [FilesystemLayer] {
        var layers: [FilesystemLayer] = []
        for name in names {
            layers.append(try await Fixture.layer([.init(.file, name, content: String(repeating: name, count: 1000))]))
        }
        return layers
    }

    private static func unpacked(_ fixture: Fixture) throws -> [String] {
        try Directories.list(fixture.directory).filter { $0 != "locks" }
    }

    @Test("a layer is read once, however many builds ask for it at the same time")
    func singleFlight() async throws {
        let fixture = try Fixture(in: "/dev/shm")
        let other = try fixture.reopened()
        let content = CountedContent(try await CraftedTar.bytes([.init(.file, "f", content: "text")]))
        var layer = Fixture.layer(tar: try Files.bytes(of: content))
        let before = content.beginnings
        layer.blob.source = .local(content)
        let leases = try await withThrowingTaskGroup(of: RootFilesystemLease.self) { group in
            for turn in 0..<16 {
                let (store, layer) = (turn % 2 == 0 ? fixture.store : other, layer)
                group.addTask { try await store.lease([layer]) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(leases.map(\.lowerDirectories)).count == 1)
        #expect(content.beginnings == before + 1)
    }

    @Test("files have the owners that the store is opened for, also those that were unpacked for others")
    func changedOwners() async throws {
        let fixture = try Fixture(in: "/dev/shm")
        let layers = try await Self.layers("a")
        for first: UInt32 in [0, 1_610_612_736, 1_610_678_272, 0] {
            let lease = try await fixture.reopened(firstID: first).lease(layers)
            let owner = try await Command.output(["stat", "-c", "%u:%g", "\(lease.lowerDirectories[0])/a"]).lines
            #expect(owner == ["\(first):\(first)"])
        }
    }

    @Test("who knows a digest alone gets no files by it: those of one realm are not found from another")
    func realms() async throws {
        let fixture = try Fixture(in: "/dev/shm")
        let base = try await Self.layers("base")
        var secret = try await Self.layers("secret")[0]
        secret.realm = "project a"
        let own = try await fixture.store.lease(base + [secret])
        #expect(try await fixture.store.lease(base + [secret]).lowerDirectories == own.lowerDirectories)
        // The same digests, and no bytes.
        var guessed = secret
        guessed.blob.source = .deferred(DeferredContent { throw CommandFailed(description: "nobody gives it") })
        #expect(try await fixture.store.lease(base + [guessed]).lowerDirectories == own.lowerDirectories)
        for realm in ["project b", "", "evil.example/x"] {
            guessed.realm = realm
            let layers = base + [guessed]
            await #expect(throws: (any Error).self) { _ = try await fixture.store.lease(layers) }
        }
        var named = base[0]
        named.realm = "evil.example/x"
        named.blob.source = guessed.blob.source
        let made = [named]
        await #expect(throws: (any Error).self) { _ = try await fixture.store.lease(made) }
    }

    @Test("in a user namespace files have the ids that steps run with")
    func owners() async throws {
        let scratch = try Scratch(in: "/var/tmp")
        let settings = RootFilesystems.Settings(directory: scratch("store"), overlay: .user, firstID: 7001)
        let store = try RootFilesystems(settings) { _ in throw CommandFailed(description: "nothing is to be fetched") }
        let layer = try await Fixture.layer([
            .init(.directory, "d", owner: 3), .init(.file, "d/f", owner: 1000), .init(.file, "e/g", owner: 0),
            .init(.file, "far", owner: 200_000),
        ])
        let root = try #require(try await store.lease([layer]).lowerDirectories.first)
        func owner(_ path: String) throws -> UInt32 {
            let place = try OverlayView([DirectoryHandle(path: root)], attributes: .user)
                .place(at: path.split(separator: "/").map { Array($0.utf8) })
            return try #require(place).status.user
        }
        for (path, id) in [("d", 7004), ("d/f", 8001), ("e", 7001), ("e/g", 7001), ("far", 72535)] as [(String, UInt32)]
        {
            #expect(try owner(path) == id, "\(path)")
        }
    }

    @Test("the top layer comes first, and images share what they have in common")
    func order() async throws {
        let fixture = try Fixture(in: "/dev/shm")
        let layers = try await Self.layers("a", "b", "c")
        let one = try await fixture.store.lease(Array(layers.prefix(2)))
        let two = try await fixture.store.lease([layers[0], layers[2]])
        #expect(Files.exists(one.lowerDirectories[0] + "/b") && Files.exists(one.lowerDirectories[1] + "/a"))
        #expect(one.lowerDirectories[1] == two.lowerDirectories[1])
        #expect(try Self.unpacked(fixture).count == 3)
    }

    @Test("collecting takes nothing that is in use, and everything else that is over the budget")
    func collect() async throws {
        let fixture = try Fixture(in: "/dev/shm")
        let other = try fixture.reopened()
        var lease: RootFilesystemLease? = try await fixture.store.lease(try await Self.layers("a", "b"))
        _ = try await fixture.store.lease(try await Self.layers("c"))
        try await eventually("the layer that nobody uses goes") {
            _ = try await other.collect(budget: 0, age: .seconds(3600))
            return try Self.unpacked(fixture).count == 2
        }
        #expect(lease?.lowerDirectories.allSatisfy(Directories.exists) == true)
        lease = nil
        try await eventually("the others go once they are free") {
            _ = try await other.collect(budget: 0, age: .seconds(3600))
            return try Self.unpacked(fixture).isEmpty
        }
        #expect(try Directories.list(fixture.directory + "/locks").isEmpty)
    }

    @Test("collecting keeps what fits, the last used first, and drops what is old")
    func budget() async throws {
        let fixture = try Fixture(in: "/dev/shm")
        let names = ["a", "b", "c"]
        for name in names { _ = try await fixture.store.lease(try await Self.layers(name)) }
        _ = try await fixture.store.lease(try await Self.layers("a"))
        try await eventually("the disk has all") {
            try Self.unpacked(fixture).allSatisfy { Files.exists("\(fixture.directory)/\($0)/synced") }
        }
        // Whoever waited for the disk has a layer for a moment longer than its mark says.
        try await eventually("nobody has one") {
            let locks = fixture.directory + "/locks"
            return try Directories.list(locks).allSatisfy { try FileLock.attempt("\(locks)/\($0)", .exclusive) != nil }
        }
        let collection = try await fixture.store.collect(budget: 2000, age: .seconds(3600))
        #expect(collection.removedLayers == 1 && collection.removedBytes == 1000 && collection.keptBytes == 2000)
        let left = try Self.unpacked(fixture).flatMap { try Directories.list("\(fixture.directory)/\($0)/fs") }
        #expect(left.sorted() == ["a", "c"])
        // Whoever waits for the disk has a layer for a moment longer than its mark says.
        try await eventually("what is old goes") {
            _ = try await fixture.store.collect(budget: 1 << 30, age: .zero)
            return try Self.unpacked(fixture).isEmpty
        }
    }

    @Test("a layer that a loss of power may have torn is unpacked again")
    func powerLoss() async throws {
        let fixture = try Fixture(in: "/dev/shm")
        let layers = try await Self.layers("a")
        _ = try await fixture.store.lease(layers)
        let directory = try fixture.directory + "/" + #require(try Self.unpacked(fixture).first)
        try await eventually("the disk has it") { Files.exists(directory + "/synced") }
        let state = String(decoding: try Files.read(directory + "/state"), as: UTF8.self)
        let other = state.replacing(SystemInformation.bootID, with: "another-boot")
        #expect(other != state)
        try Files.writeAtomically(Array(other.utf8), to: directory + "/state")
        try Files.writeAtomically(Array("mark".utf8), to: directory + "/fs/mark")
        _ = try await fixture.store.lease(layers)
        #expect(Files.exists(directory + "/fs/mark"), "what the disk has is kept")
        try Files.remove(directory + "/synced")
        _ = try await fixture.store.lease(layers)
        #expect(!Files.exists(directory + "/fs/mark") && Files.exists(directory + "/fs/a"))
    }

    @Test("what was interrupted is removed at the next start, but not while it goes on")
    func remains() async throws {
        let fixture = try Fixture(in: "/dev/shm")
        let name = String(repeating: "ab", count: 32)
        let partial = "\(fixture.directory)/\(name).partial"
        try Directories.create(partial + "/fs/deep")
        var lock = try FileLock.attempt("\(fixture.directory)/locks/\(name)", .exclusive)
        _ = try fixture.reopened()
        #expect(Directories.exists(partial))
        #expect(lock != nil)
        lock = nil
        try await eventually("it goes once nobody holds it") {
            _ = try fixture.reopened()
            return !Directories.exists(partial)
        }
    }

    @Test("a build that is cancelled leaves nothing half done")
    func cancelled() async throws {
        let fixture = try Fixture(in: "/dev/shm")
        let entries = (0..<3000).map { CraftedTar.Entry(.file, "f\($0)", content: "text") }
        let layer = try await Fixture.layer(entries)
        let task = Task { try await fixture.store.lease([layer]) }
        try await eventually("it has begun") { try !Self.unpacked(fixture).isEmpty }
        task.cancel()
        _ = await task.result
        for name in try Self.unpacked(fixture) {
            #expect(try Directories.list("\(fixture.directory)/\(name)/fs").count == 3000)
        }
    }
}
