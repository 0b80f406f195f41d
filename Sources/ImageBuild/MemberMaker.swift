internal import BuildModel

/// Makes members on any thread: reads and compresses them, or recalls them from where earlier layers left them.
final class MemberMaker: Sendable {
    /// A member with what it was made of.
    struct Member: Sendable {
        enum Origin: Sendable {
            /// Read and compressed.
            case made
            /// Kept, and inflated to hash its tar.
            case recalled
            /// Kept, and its tar not needed.
            case copied
        }

        /// Bytes of tar; nil if the tar is not needed.
        var tar: [UInt8]?
        var tarSize: Int
        var compressed: [UInt8]
        var origin: Origin
    }

    /// What is to be done. Keys are those under which members are kept.
    enum Work: Sendable {
        case compress(MemberPlan, key: Digest?)
        /// The plan's one content is a part of a large one.
        case compressPart(LargeContent, Int, MemberPlan, key: Digest?)
        /// A kept member; it is made if it turns out to be damaged.
        case recall(MemberPlan, key: Digest)
        /// A kept member whose tar is not needed.
        case copy(MemberPlan, key: Digest)

        var plan: MemberPlan {
            switch self {
            case .compress(let plan, _), .compressPart(_, _, let plan, _), .recall(let plan, _), .copy(let plan, _):
                plan
            }
        }
    }

    private let compressor: MemberCompressor
    private let store: MemberStore?

    init(_ settings: LayerSettings, store: MemberStore?) {
        compressor = MemberCompressor(settings.compression, settings.format)
        self.store = store
    }

    func make(_ work: Work) throws -> Member {
        switch work {
        case .compress(let plan, let key): return try compress(try plan.bytes(), key: key)
        case .compressPart(let content, let part, let plan, let key):
            return try compress(try plan.bytes(with: part, of: content), key: key)
        case .recall(let plan, let key):
            guard let compressed = store?.member(for: key), let tar = try compressor.unpack(compressed, size: plan.size)
            else {
                return try compress(try plan.bytes(), key: key)
            }
            return Member(tar: tar, tarSize: tar.count, compressed: compressed, origin: .recalled)
        case .copy(let plan, let key):
            guard let compressed = store?.member(for: key) else { return try compress(try plan.bytes(), key: key) }
            return Member(tar: nil, tarSize: plan.size, compressed: compressed, origin: .copied)
        }
    }

    private func compress(_ tar: [UInt8], key: Digest?) throws -> Member {
        let compressed = try compressor.compress(tar)
        if let key { store?.keep(compressed, for: key) }
        return Member(tar: tar, tarSize: tar.count, compressed: compressed, origin: .made)
    }
}
