internal import Synchronization

/// Counts the bytes of contents that were read for a layer, on whatever threads.
final class ReadCount: Sendable {
    private let bytes = Atomic<Int64>(0)

    func add(_ count: Int) { bytes.wrappingAdd(Int64(count), ordering: .relaxed) }

    var total: Int64 { bytes.load(ordering: .relaxed) }
}
