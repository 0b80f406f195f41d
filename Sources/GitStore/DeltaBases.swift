internal import Compression
internal import Platform
internal import Synchronization

/// Bases of deltas that were made lately, of all packs of a repository: many objects have the same one.
final class DeltaBases: Sendable {
    /// An object of a pack.
    struct Place: Hashable {
        /// Which pack.
        var pack: Int
        var offset: Int64
    }

    private struct State {
        var bases: [Place: [UInt8]] = [:]
        var size = 0
    }

    /// What it takes to keep an object of no bytes.
    private static let overhead = 128
    private static let largest = 1 << 20

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: bytes, however many packs there are.
    init(limit: Int) { self.limit = limit }

    /// Bytes that are held now.
    var size: Int { state.withLock { $0.size } }

    func base(at place: Place) -> [UInt8]? { state.withLock { $0.bases[place] } }

    func keep(_ bytes: [UInt8], at place: Place) {
        let size = bytes.count + Self.overhead
        guard bytes.count <= Self.largest, size <= limit else { return }
        state.withLock { state in
            if state.size + size > limit { state = State() }
            if state.bases.updateValue(bytes, forKey: place) == nil { state.size += size }
        }
    }
}

/// What reading a repository's packs has ready, in memory that does not grow with their number: nothing joins what fetches add.
struct PackMemory: Sendable {
    /// Bytes of each kind.
    static let limit = 16 << 20

    let bases: DeltaBases
    /// Trees alone, so that what is found here is one.
    let trees: DeltaBases
    let inflaters = Stock<Inflater>()

    init(limit: Int = Self.limit) {
        bases = DeltaBases(limit: limit)
        trees = DeltaBases(limit: limit)
    }

    /// Bytes that are held now.
    var size: Int { bases.size + trees.size }
}
