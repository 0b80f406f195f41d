package import BuildModel
internal import Platform
package import RedisTransport

/// What the nodes of a farm remember together: values of one line by digests, forgotten when nobody asked for a while.
///
/// Losing it costs time and nothing else, so a call waits a moment at most.
package struct FarmMemory: DigestMemory {
    /// What is remembered; each kind has keys of its own.
    package enum Kind: String, Sendable {
        /// Results of build steps.
        case step
        /// Layers of source trees, and where trees are cut.
        case layer
        /// Repositories of registries where blobs were seen.
        case blob
    }

    private static let limit = Duration.seconds(2)

    private let client: RedisClient
    private let keys: QueueKeys
    private let kind: Kind
    private let age: Duration

    /// - Parameters:
    ///   - client: the server; the caller closes it.
    ///   - age: how long a value stays that nobody asks for.
    /// - Throws: `BuildFailure` with code `invalid_configuration` for a farm's name that cannot be part of a key.
    package init(
        _ client: RedisClient,
        farm: String,
        of kind: Kind,
        age: Duration = .seconds(30 * 86_400)
    ) throws(BuildFailure) {
        self.client = client
        self.kind = kind
        keys = try QueueKeys(farm: farm)
        self.age = age
    }

    /// The value of a key, or nil; it stays for another while.
    package func recall(_ key: Digest) async throws -> String? {
        try await client.send(["GETEX", place(key), "EX", seconds], within: Self.limit).text
    }

    package func remember(_ value: String, for key: Digest) async throws {
        let words = ["SET", place(key), RedisArgument(value), "EX", seconds]
        _ = try await client.send(words, within: Self.limit)
    }

    package func forget(_ key: Digest) async throws {
        _ = try await client.send(["DEL", place(key)], within: Self.limit)
    }

    private func place(_ key: Digest) -> RedisArgument { keys.memory(kind.rawValue, key) }

    private var seconds: RedisArgument { RedisArgument(Int64(age.seconds)) }
}
