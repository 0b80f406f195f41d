package import BuildModel
internal import Documents

/// What was learned of a registry's host by using it. Nil is what nobody has seen yet.
package struct HostKnowledge: Sendable, Hashable {
    /// Whether it takes blobs over from other repositories.
    package var mounts: Bool?
    /// The most bytes of a request that were let through where a larger one was not.
    package var chunkBytes: Int64?
    /// Until when that holds, in seconds since 1970, where connections that broke taught it and no refusal; nil for always.
    package var chunksUntil: Int64?
    /// Whether it keeps the list of referrers itself, or leaves that to a tag.
    package var referrers: Bool?
    /// Whether it takes bytes of blobs by PATCH alone.
    package var wantsPatch: Bool?
    /// Whether it answers `Expect: 100-continue` before a body is sent.
    package var answersExpect: Bool?

    package init() {}

    /// Whether what is known of chunks still holds.
    ///
    /// - Parameter now: seconds since 1970.
    func hasChunks(at now: Int64) -> Bool { chunkBytes != nil && (chunksUntil ?? .max) > now }

    init(json: JSONValue) {
        mounts = json["mounts"]?.bool
        chunkBytes = json["chunkBytes"]?.integer.flatMap { $0 > 0 ? $0 : nil }
        chunksUntil = json["chunksUntil"]?.integer
        referrers = json["referrers"]?.bool
        wantsPatch = json["wantsPatch"]?.bool
        answersExpect = json["answersExpect"]?.bool
    }

    /// The known members.
    package var json: JSONValue {
        var members: [String: JSONValue] = [:]
        members["mounts"] = mounts.map { .bool($0) }
        members["chunkBytes"] = chunkBytes.map { .integer($0) }
        members["chunksUntil"] = chunksUntil.map { .integer($0) }
        members["referrers"] = referrers.map { .bool($0) }
        members["wantsPatch"] = wantsPatch.map { .bool($0) }
        members["answersExpect"] = answersExpect.map { .bool($0) }
        return .object(members)
    }
}
