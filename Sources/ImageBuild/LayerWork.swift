/// What a layer cost to make.
package struct LayerWork: Sendable, Hashable {
    /// gzip members in the layer, and those among them that earlier layers had left.
    package private(set) var members = 0
    package private(set) var recalledMembers = 0
    /// Bytes of files that were read from where the source is, as their contents count them.
    package internal(set) var readBytes: Int64 = 0
    /// Bytes of tar; those among them that were compressed, and those that were inflated from kept members to be hashed. What
    /// remains was copied as it was kept.
    package private(set) var bytes: Int64 = 0
    package private(set) var compressedBytes: Int64 = 0
    package private(set) var inflatedBytes: Int64 = 0

    package init() {}

    mutating func count(_ member: MemberMaker.Member) {
        members += 1
        bytes += Int64(member.tarSize)
        switch member.origin {
        case .made: compressedBytes += Int64(member.tarSize)
        case .recalled:
            recalledMembers += 1
            inflatedBytes += Int64(member.tarSize)
        case .copied: recalledMembers += 1
        }
    }
}
