/// What a layer cost to make.
package struct LayerWork: Sendable, Hashable {
    /// gzip members in the layer, and those among them that earlier layers had left.
    package private(set) var members = 0
    package private(set) var recalledMembers = 0
    /// Bytes of tar, and those among them that were read from the repository and compressed.
    package private(set) var bytes: Int64 = 0
    package private(set) var compressedBytes: Int64 = 0

    package init() {}

    mutating func count(_ member: MemberMaker.Member) {
        members += 1
        recalledMembers += member.isRecalled ? 1 : 0
        bytes += Int64(member.tar.count)
        compressedBytes += member.isRecalled ? 0 : Int64(member.tar.count)
    }
}
