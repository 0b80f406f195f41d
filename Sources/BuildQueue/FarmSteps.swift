package import BuildModel
internal import Platform
package import RedisTransport

/// What the nodes of a farm remember of build steps: values of one line by digests, forgotten when nobody asked for a while.
///
/// Losing it costs time and nothing else, so a call waits a moment at most.
package struct FarmSteps: Sendable {
    private static let limit = Duration.seconds(2)

    private let client: RedisClient
    private let keys: QueueKeys
    private let age: Duration

    /// - Parameters:
    ///   - client: the server; the caller closes it.
    ///   - age: how long a value stays that nobody asks for.
    /// - Throws: `BuildFailure` with code `invalid_configuration` for a farm's name that cannot be part of a key.
    package init(_ client: RedisClient, farm: String, age: Duration = .seconds(30 * 86_400)) throws(BuildFailure) {
        self.client = client
        keys = try QueueKeys(farm: farm)
        self.age = age
    }

    /// The value of a key, or nil; it stays for another while.
    package func recall(_ key: Digest) async throws -> String? {
        try await client.send(["GETEX", keys.step(key), "EX", seconds], within: Self.limit).text
    }

    package func remember(_ value: String, for key: Digest) async throws {
        _ = try await client.send(["SET", keys.step(key), RedisArgument(value), "EX", seconds], within: Self.limit)
    }

    package func forget(_ key: Digest) async throws {
        _ = try await client.send(["DEL", keys.step(key)], within: Self.limit)
    }

    private var seconds: RedisArgument { RedisArgument(Int64(age.seconds)) }
}
