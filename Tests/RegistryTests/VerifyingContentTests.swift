import BuildModel
import Platform
import Synchronization
import Testing

@testable import Registry

@Suite("Bytes that are hashed on their way out")
struct VerifyingContentTests {
    /// Nothing but zeros, and how many of them were read.
    private final class Zeros: BlobContent {
        let size: Int64
        private let count = Mutex<Int64>(0)

        init(_ size: Int64) { self.size = size }

        var read: Int64 { count.withLock { $0 } }

        func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(BuildFailure) -> Int {
            let length = Int(min(size - offset, Int64(buffer.count)))
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(length))
            room.initializeMemory(as: UInt8.self, repeating: 0)
            count.withLock { $0 += Int64(length) }
            return length
        }
    }

    @Test("are not hashed from the blob's start when a piece is sent again, however long it is")
    func again() throws {
        let (start, length, size) = (Int64(40) << 20, Int64(60) << 20, Int64(120) << 20)
        let zeros = Zeros(size)
        let digest = Digest(of: "another one, which only the last byte shows")
        let content = try VerifyingContent(
            zeros,
            descriptor: Descriptor(mediaType: MediaType.ociLayerGzip, digest: digest, size: size)
        )
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        func send() throws {
            for offset in stride(from: start, to: start + length, by: 1 << 20) {
                #expect(try content.read(at: offset, into: buffer) == 1 << 20)
            }
        }
        try content.prepare(at: start)
        #expect(zeros.read == start)
        try send()
        // As after a 401 or a redirect.
        try send()
        #expect(zeros.read == start + 2 * length)
        // The next piece begins where this one ends.
        try content.prepare(at: start + length)
        try content.prepare(at: start + length)
        #expect(zeros.read == start + 2 * length)
    }
}
