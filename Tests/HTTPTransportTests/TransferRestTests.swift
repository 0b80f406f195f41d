import BuildModel
import Synchronization
import Testing

@testable import HTTPTransport

@Suite("A transfer whose body was not ready")
struct TransferRestTests {
    /// Bytes that are made at some time, of which nobody is told.
    private final class Late: BlobContent {
        let size: Int64 = 3
        let isMade = Mutex(false)

        func isReadable(at offset: Int64, orElse tell: @escaping @Sendable () -> Void) -> Bool {
            isMade.withLock { $0 }
        }

        func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
            let count = min(buffer.count, Int(size - offset))
            buffer.prefix(count).initializeMemory(as: UInt8.self, repeating: 1)
            return count
        }
    }

    @Test("rests no longer once bytes were read, also where nobody woke it")
    func rest() throws {
        let late = Late()
        let request = HTTPRequest(.put, "http://127.0.0.1:1/late", body: .content(late))
        let transfer = try Transfer(request, sink: .memory(limit: 1))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 16)
        defer { buffer.deallocate() }
        #expect(transfer.sendBody(buffer) > 16)
        #expect(transfer.restsUntil != nil)
        late.isMade.withLock { $0 = true }
        #expect(transfer.sendBody(buffer) == 3)
        #expect(transfer.restsUntil == nil)
    }
}
