import BuildModel
import Documents
import Platform
import StrictRegistry
import TestSupport
import Testing

@testable import Registry

@Suite("How large the chunks of an upload are")
struct ChunkSizeTests {
    let fixture = StrictFixture()

    @Test("what is learned from one blob does not make too many chunks of a larger one")
    func learned() {
        #expect(ChunkSize.learned(10 << 20, for: 1 << 30) == 10 << 20)
        #expect(ChunkSize.learned(1 << 20, for: 3000 << 20) == 1 << 20)
        for size in [41_000 << 20, 52_000 << 20, (52_000 << 20) - 1] as [Int64] {
            for bytes in [64 << 10, 1 << 20, 10 << 20] as [Int64] {
                let chunk = ChunkSize.learned(bytes, for: size)
                #expect((size + chunk - 1) / chunk <= 4000 && chunk >= bytes, "\(size) in \(chunk)")
            }
        }
    }

    @Test(
        "after a refusal comes half, or what passes somewhere",
        arguments: [
            // Whole blobs.
            (5 << 30, true, nil, 95_000_000), (95_000_000, true, nil, 10 << 20), (3_500_000, true, nil, 1 << 20),
            (64 << 10, true, nil, nil),
            // Chunks.
            (50_000_000, false, nil, 25_000_000), (10 << 20, false, nil, 5 << 20), (5 << 20, false, nil, 4 << 20),
            (2_500_000, false, 1_300_000, 1_300_000), (2_500_000, false, 1_000_000, 1_250_000),
            (128 << 10, false, nil, 64 << 10), (100_000, false, nil, 64 << 10), (65_536, false, nil, nil),
        ] as [(Int64, Bool, Int64?, Int64?)]
    )
    func smaller(refused: Int64, isWhole: Bool, learned: Int64?, next: Int64?) {
        #expect(ChunkSize.smaller(than: refused, isWhole: isWhole, learned: learned) == next)
    }

    @Test("halving comes to an end whatever the size")
    func end() {
        for start in [5 << 30, 123_456_789, 70_000] as [Int64] {
            var (size, steps) = (start, 0)
            while let next = ChunkSize.smaller(than: size, isWhole: false, learned: 100_000), steps < 64 {
                #expect(next < size && next >= 64 << 10)
                (size, steps) = (next, steps + 1)
            }
            #expect(steps < 32)
        }
    }

    @Test("a size that a host does not take any more is halved, and what passes is learned")
    func outdated() async throws {
        let registry = try StrictRegistry(quirks: [.requestLimit])
        let scratch = try Scratch()
        let settings = try Self.settings(knowing: 3 << 20, of: registry, scratch)
        try await fixture.push(StrictFixture.image([StrictFixture.blob(6 << 20)]), to: registry, settings: settings)
        // 3 MiB, 1.5 MiB, then six times 1 MiB.
        #expect(registry.requests.filter { $0.hasPrefix("PATCH ") }.count == 8, "\(registry.requests)")
        #expect(registry.requests.filter { $0.hasPrefix("POST ") }.count == 2)
        #expect(try Self.learned(of: registry, scratch) == 1 << 20)
        #expect(registry.violations == [] && registry.faults(ofTag: "v1", in: "team/app") == [])
    }

    @Test("a chunk that is refused in the middle costs that chunk alone")
    func middle() async throws {
        let scratch = try Scratch()
        let registry = try StrictRegistry()
        registry.setSchedule { [weak registry] _, method, _ in
            guard method == "PATCH" else { return nil }
            return registry?.requests.filter { $0.hasPrefix("PATCH ") }.count == 3 ? .tooLarge : nil
        }
        let settings = try Self.settings(knowing: 1 << 20, of: registry, scratch)
        try await fixture.push(StrictFixture.image([StrictFixture.blob(4 << 20)]), to: registry, settings: settings)
        // Two of 1 MiB, one refused, four of half a MiB.
        #expect(registry.requests.filter { $0.hasPrefix("PATCH ") }.count == 7, "\(registry.requests)")
        #expect(registry.requests.filter { $0.hasPrefix("POST ") }.count == 2)
        #expect(!registry.requests.contains { $0.hasPrefix("DELETE ") })
        #expect(try Self.learned(of: registry, scratch) == 512 << 10)
        #expect(registry.violations == [] && registry.openUploads == 0)
        #expect(registry.faults(ofTag: "v1", in: "team/app") == [])
    }

    @Test("what broken connections taught is forgotten in time")
    func forgotten() async throws {
        let registry = try StrictRegistry()
        let scratch = try Scratch()
        let settings = try Self.settings(knowing: 1 << 20, until: 1, of: registry, scratch)
        try await fixture.push(StrictFixture.image([StrictFixture.blob(2 << 20)]), to: registry, settings: settings)
        #expect(!registry.requests.contains { $0.hasPrefix("PATCH ") }, "\(registry.requests)")
    }

    private static func settings(
        knowing chunkBytes: Int64,
        until: Int64? = nil,
        of registry: StrictRegistry,
        _ scratch: Scratch
    ) throws -> RegistrySettings {
        var knowledge = HostKnowledge()
        knowledge.chunkBytes = chunkBytes
        knowledge.chunksUntil = until
        let document: JSONValue = ["version": 1, "hosts": .object([registry.host: knowledge.json])]
        try Files.writeAtomically(document.canonicalBytes, to: scratch("hosts.json"))
        var settings = StrictFixture.settings()
        settings.knowledgeFile = scratch("hosts.json")
        return settings
    }

    private static func learned(of registry: StrictRegistry, _ scratch: Scratch) throws -> Int64? {
        let document = try JSONDocument.parse(try Files.read(scratch("hosts.json")))
        return document["hosts"]?[registry.host]?["chunkBytes"]?.integer
    }
}
