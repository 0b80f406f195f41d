import BuildModel
import HTTPTransport
import Platform
import Registry
import StrictRegistry
import Synchronization
import TestSupport
import Testing

@Suite("Blobs that are made while they are sent")
struct StreamedBlobTests {
    private let fixture = StrictFixture()

    /// A blob whose bytes come in pieces, each a moment after somebody asked for it.
    private final class Trickle: BlobContent {
        let bytes: [UInt8]
        private let ready = Mutex<Int64>(0)
        private let isDue: @Sendable () async -> Bool

        /// - Parameter isDue: whether there may be more.
        init(_ bytes: [UInt8], when isDue: @escaping @Sendable () async -> Bool) {
            (self.bytes, self.isDue) = (bytes, isDue)
        }

        var size: Int64 { Int64(bytes.count) }

        func isReadable(at offset: Int64, orElse tell: @escaping @Sendable () -> Void) -> Bool {
            if ready.withLock({ $0 > offset }) { return true }
            Task {
                repeat { try? await Task.sleep(for: .milliseconds(2)) } while await !isDue()
                ready.withLock { $0 = offset + 100_000 }
                tell()
            }
            return false
        }

        func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(BuildFailure) -> Int {
            let end = min(ready.withLock { $0 }, size, offset + Int64(buffer.count))
            buffer.copyBytes(from: bytes[Int(offset)..<max(Int(offset), Int(end))])
            return max(0, Int(end - offset))
        }
    }

    private static func blob(
        _ uses: @escaping @Sendable () -> Void = {},
        when isDue: @escaping @Sendable () async -> Bool = { true }
    ) throws -> ImageBlob {
        var blob = StrictFixture.blob(3_000_000)
        guard case .local(let content) = blob.source else { throw CommandFailed(description: "the blob is not here") }
        let bytes = try Files.bytes(of: content)
        blob.source = .deferred(
            DeferredContent {
                throw CommandFailed(description: "all bytes were asked for")
            } stream: { use in
                uses()
                try await use(Trickle(bytes, when: isDue))
            }
        )
        return blob
    }

    @Test("rest until there are bytes, while others go on")
    func resting() async throws {
        let registry = try StrictRegistry()
        let other = StrictFixture.blob(100_000)
        let url = "http://\(registry.host)/v2/team/app/blobs/\(other.descriptor.digest)"
        let http = fixture.http
        let isThere: @Sendable () async -> Bool = { (try? await http.execute(HTTPRequest(.head, url)).0.status) == 200 }
        let image = StrictFixture.image([try Self.blob(when: isThere), try Self.blob(when: isThere), other])
        try await fixture.push(image, to: registry)
        #expect(registry.faults(ofTag: "v1", in: "team/app") == [])
        let places = image.layers.map { layer in
            registry.requests.firstIndex { $0.hasPrefix("PUT ") && $0.contains(layer.descriptor.digest.hex) }
        }
        // They had begun, for they come first; and each in one request.
        #expect(places.allSatisfy { $0 != nil })
        #expect(registry.requests.count { $0.hasPrefix("PUT ") && $0.contains("/uploads/") } == 4)
    }

    @Test("are sent in one request with its length")
    func whole() async throws {
        let registry = try StrictRegistry()
        let image = StrictFixture.image([try Self.blob(), try Self.blob(), StrictFixture.blob(100_000)])
        try await fixture.push(image, to: registry)
        #expect(registry.faults(ofTag: "v1", in: "team/app") == [])
        #expect(registry.requests.filter { $0.hasPrefix("PATCH ") }.isEmpty)
    }

    @Test(
        "are sent again, or from where the registry stands, when the way breaks off",
        arguments: [Fault.reset(afterBytes: 100_000), .serverError, .lostAnswer, .expiredTokens]
    )
    func broken(fault: Fault) async throws {
        let uploads = Mutex(0)
        let registry = try StrictRegistry { _, method, path in
            guard method == "PUT", path.contains("/uploads/") else { return nil }
            return uploads.withLock { count in
                count += 1
                return count == 1 ? fault : nil
            }
        }
        let uses = Mutex(0)
        let image = StrictFixture.image([try Self.blob { uses.withLock { $0 += 1 } }])
        try await fixture.push(image, to: registry)
        #expect(registry.faults(ofTag: "v1", in: "team/app") == [])
        #expect(uses.withLock { $0 } == 1)
    }

    @Test("are not asked for where the registry has the blob")
    func there() async throws {
        let registry = try StrictRegistry()
        var blob = StrictFixture.blob(10_000)
        try await fixture.push(StrictFixture.image([blob]), to: registry)
        blob.source = .deferred(
            DeferredContent {
                throw CommandFailed(description: "bytes were asked for")
            }
        )
        try await fixture.push(StrictFixture.image([blob, StrictFixture.blob(100)]), to: registry)
    }
}
