internal import BuildModel
internal import Platform

/// Where a layer's hashes stand after some of its members: whoever makes a layer that begins with the same members goes on from here.
struct LayerEdge {
    /// sha256 of the tar and of the compressed bytes so far.
    var tarHasher: SHA256Hasher
    var hasher: SHA256Hasher
    /// Compressed bytes so far.
    var size: Int64

    init() {
        tarHasher = SHA256Hasher()
        hasher = SHA256Hasher()
        size = 0
    }

    /// Reads what `bytes` wrote; nil if it is something else.
    init?(_ bytes: [UInt8]) {
        let state = SHA256Hasher.stateSize
        guard bytes.count == 2 * state + 8, let tar = SHA256Hasher(state: bytes[..<state]),
            let compressed = SHA256Hasher(state: bytes[state..<2 * state])
        else { return nil }
        tarHasher = tar
        hasher = compressed
        size = bytes[(2 * state)...].reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
    }

    var bytes: [UInt8] {
        tarHasher.state + hasher.state + (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) }
    }
}

/// The members of a layer so far, as one key: equal keys, equal fronts of layers.
struct MemberChain {
    /// Bytes of tar between edges: hashing them again takes about as long as finding an edge.
    private static let stretch = 4 << 20

    /// nil once a member has no key.
    private var digest: Digest? = Digest(of: "")
    private var pending = 0

    /// Adds a member; returns the key of the edge that is after it, if one is.
    mutating func append(_ key: Digest?, size: Int) -> Digest? {
        guard let key, let before = digest else {
            digest = nil
            return nil
        }
        let now = Digest(of: "\(before.hex) \(key.hex)")
        digest = now
        pending += size
        guard pending >= Self.stretch else { return nil }
        pending = 0
        return Digest(of: "edge \(now.hex)")
    }
}
