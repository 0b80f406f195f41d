internal import BuildModel
internal import Platform
internal import RedisTransport

/// What one look at a Redis server told: what the checks of `Health` judge.
struct ServerFacts: Sendable {
    /// The server's address without its password.
    var endpoint: RedisEndpoint
    /// The fields of `INFO`.
    var info: [String: String]
    /// How long the quickest of a few round trips took.
    var roundTrip: Duration
    /// The server's clock minus this node's, in milliseconds, give or take half a round trip.
    var clockDifference: Int64
    /// What the functions' library is, or how the functions run without one.
    var library: LibraryState
    /// Whether Sentinels say which server it is.
    var hasSentinels = false
    /// Commands that the functions and workers call and the user may not.
    var denied: [String]

    func number(_ field: String) -> Int64 { info[field].flatMap { Int64($0) } ?? 0 }
}

extension ServerFacts {
    /// Looks at the server that `caller` talks to. The functions' library has to be there.
    ///
    /// - Throws: `BuildFailure`.
    static func gather(
        _ caller: FunctionCaller,
        _ info: [String: String],
        library: LibraryState
    ) async throws -> ServerFacts {
        let client = caller.client
        let (difference, roundTrip) = try await compareClocks(client)
        return ServerFacts(
            endpoint: client.endpoint,
            info: info,
            roundTrip: roundTrip,
            clockDifference: difference,
            library: library,
            hasSentinels: client.hasSentinels,
            denied: try await caller.call("probe", []).array?.compactMap(\.text) ?? []
        )
    }

    /// The fields of `INFO`.
    static func info(_ client: RedisClient) async throws -> [String: String] {
        fields(try await client.send(["INFO"]).text ?? "")
    }

    /// The difference as the quickest of three looks shows it: its answer had the least time to age.
    private static func compareClocks(_ client: RedisClient) async throws -> (Int64, Duration) {
        var best: (difference: Int64, took: Duration)?
        for _ in 0..<3 {
            let (start, begin) = (SystemInformation.currentMilliseconds, ContinuousClock.now)
            let reply = try await client.send(["TIME"])
            let took = begin.duration(to: .now)
            guard let seconds = reply[0]?.integer, let fraction = reply[1]?.integer else {
                throw FunctionCaller.unexpected(reply, "redis.time")
            }
            let middle = start + took.milliseconds / 2
            if best.map({ took < $0.took }) ?? true { best = (seconds * 1000 + fraction / 1000 - middle, took) }
        }
        return best ?? (0, .zero)
    }

    private static func fields(_ information: String) -> [String: String] {
        var fields: [String: String] = [:]
        for line in information.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
        }
        return fields
    }
}
