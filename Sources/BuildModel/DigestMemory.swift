/// What a farm remembers by digests, for all its nodes. Values are single lines; losing them costs time and nothing else.
package protocol DigestMemory: Sendable {
    /// The value of a key, or nil.
    func recall(_ key: Digest) async throws -> String?
    func remember(_ value: String, for key: Digest) async throws
    func forget(_ key: Digest) async throws
}
