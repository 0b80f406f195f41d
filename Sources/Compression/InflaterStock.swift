package import BuildModel
internal import Synchronization

/// Decompressors that are not in use.
package final class InflaterStock: Sendable {
    private let idle = Mutex<[Inflater]>([])

    package init() {}

    /// Lends a decompressor to `body`, which has it to itself.
    package func withInflater<Value>(
        _ body: (Inflater) throws(BuildFailure) -> Value
    ) throws(BuildFailure) -> Value {
        let inflater: Inflater
        if let used = idle.withLock({ $0.popLast() }) {
            inflater = used
        } else {
            inflater = try Inflater()
        }
        defer { idle.withLock { $0.append(inflater) } }
        return try body(inflater)
    }
}
