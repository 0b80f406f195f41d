internal import BuildModel

/// Makes members on any thread: compresses them, or recalls them from where earlier layers left them.
final class MemberMaker: Sendable {
    /// A member with what it was made of.
    struct Member: Sendable {
        var tar: [UInt8]
        var compressed: [UInt8]
        var isRecalled: Bool
    }

    /// What is to be done.
    enum Work: Sendable {
        /// - Parameter key: under which the member is kept.
        case compress([UInt8], key: Digest?)
        /// - Parameter size: bytes of tar.
        case recall(key: Digest, size: Int)
    }

    private let deflaters: DeflaterStock
    private let inflaters = InflaterStock()
    private let store: MemberStore?

    init(level: Int, store: MemberStore?) {
        deflaters = DeflaterStock(level: level)
        self.store = store
    }

    /// - Returns: nil if the member cannot be recalled after all.
    func make(_ work: Work) throws(BuildFailure) -> Member? {
        switch work {
        case .compress(let tar, let key):
            let compressed = try deflaters.withDeflater { deflater throws(BuildFailure) in
                try GzipMember.compress(tar, with: deflater)
            }
            if let key { store?.keep(compressed, for: key) }
            return Member(tar: tar, compressed: compressed, isRecalled: false)
        case .recall(let key, let size):
            guard let compressed = store?.member(for: key) else { return nil }
            let tar = try inflaters.withInflater { inflater in inflater.inflate(compressed, size: size) }
            return tar.map { Member(tar: $0, compressed: compressed, isRecalled: true) }
        }
    }
}
