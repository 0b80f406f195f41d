package import BuildModel
internal import Synchronization

/// Compressors of one level that are not in use, so that members do not each pay for a new one.
package final class DeflaterStock: Sendable {
    private let level: Int
    private let idle = Mutex<[Deflater]>([])

    /// - Parameter level: one of libdeflate's.
    package init(level: Int) {
        self.level = level
    }

    /// Lends a compressor to `body`, which has it to itself.
    package func withDeflater<Value>(
        _ body: (Deflater) throws(BuildFailure) -> Value
    ) throws(BuildFailure) -> Value {
        let deflater: Deflater
        if let used = idle.withLock({ $0.popLast() }) {
            deflater = used
        } else {
            deflater = try Deflater(level: level)
        }
        defer { idle.withLock { $0.append(deflater) } }
        return try body(deflater)
    }
}
