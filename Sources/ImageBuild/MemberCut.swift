internal import BuildModel

/// Where a tar is cut into gzip members: at ends of entries that the entries themselves choose.
///
/// An entry ends a member if its name and content say so and the member is not too small. After an insertion or a removal
/// the same entries choose again, so that all but a few members stay what they were. Members have a MiB in the mean, which costs
/// about 0.15 % of size against one member for all.
enum MemberCut {
    /// Files of this size and more have members of their own.
    static let large = 1 << 20
    /// The size of a large file's members.
    static let piece = 2 << 20
    /// Smaller members are only made at ends.
    private static let least = 256 << 10
    private static let most = 2 << 20
    /// The bytes after which, in the mean, an entry chooses to end a member that may end.
    private static let spread: UInt64 = 768 << 10

    /// Whether a member ends after an entry.
    ///
    /// - Parameters:
    ///   - pending: bytes in the member, with the entry.
    ///   - size: bytes of the entry, with its header and padding. Large entries choose to end a member more often.
    static func follows(path: [UInt8], identity: String, size: Int, pending: Int) -> Bool {
        if pending >= most { return true }
        guard pending >= least else { return false }
        return (hash(path, identity) >> 32) &* spread < UInt64(size) << 32
    }

    /// FNV-1a, with a last step that spreads what differs over all bits.
    private static func hash(_ path: [UInt8], _ identity: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in path { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        for byte in identity.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash = (hash ^ hash >> 30) &* 0xbf58_476d_1ce4_e5b9
        hash = (hash ^ hash >> 27) &* 0x94d0_49bb_1331_11eb
        return hash ^ hash >> 31
    }
}
