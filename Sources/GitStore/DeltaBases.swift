internal import Synchronization

/// Bases of deltas that were made lately: many objects have the same one.
final class DeltaBases: Sendable {
    private struct State {
        var bases: [Int64: [UInt8]] = [:]
        var size = 0
    }

    private static let limit = 16 << 20
    private static let largest = 1 << 20

    private let state = Mutex(State())

    func base(at offset: Int64) -> [UInt8]? { state.withLock { $0.bases[offset] } }

    func keep(_ bytes: [UInt8], at offset: Int64) {
        guard bytes.count <= Self.largest else { return }
        state.withLock { state in
            if state.size + bytes.count > Self.limit { state = State() }
            if state.bases.updateValue(bytes, forKey: offset) == nil { state.size += bytes.count }
        }
    }
}
