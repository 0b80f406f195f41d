internal import BuildModel
internal import Synchronization

/// Compressors that are not in use, so that members do not each pay for a new one.
final class DeflaterStock: Sendable {
    private let level: Int
    private let idle = Mutex<[Deflater]>([])

    init(level: Int) {
        self.level = level
    }

    /// Lends a compressor to `body`, which has it to itself.
    func withDeflater<Value>(_ body: (Deflater) throws(BuildFailure) -> Value) throws(BuildFailure) -> Value {
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
