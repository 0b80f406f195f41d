package import BuildModel
internal import Platform

extension RedisConnection {
    /// Makes a fresh connection ready: `AUTH`, `SELECT` and `CLIENT SETNAME` as the endpoint says.
    ///
    /// - Parameters:
    ///   - name: what `CLIENT LIST` shows; bytes that Redis does not allow in it become `-`.
    ///   - limit: for each reply.
    /// - Throws: `BuildFailure`: `unauthorized` for a wrong, missing or needless password, else as `send` and `checked` throw.
    package func logIn(name: String, within limit: Duration) async throws {
        if let password = endpoint.password {
            let user = endpoint.user.map { [RedisArgument($0)] } ?? []
            try await run(["AUTH"] + user + [RedisArgument(password.exposed)], within: limit)
        }
        if endpoint.database != 0 {
            try await run(["SELECT", RedisArgument(endpoint.database)], within: limit)
        }
        let allowed = name.utf8.map { (33...126).contains($0) ? $0 : UInt8(ascii: "-") }
        try await run(["CLIENT", "SETNAME", RedisArgument(allowed)], within: limit)
    }

    private func run(_ words: [RedisArgument], within limit: Duration) async throws {
        _ = try await send(words, within: limit).checked(endpoint, operation: "redis.login")
    }
}

extension RedisValue {
    /// The reply itself, unless it is an error.
    ///
    /// - Throws: `BuildFailure` that explains the error reply; Redis' own words are its cause.
    package func checked(_ endpoint: RedisEndpoint, operation: String) throws(BuildFailure) -> RedisValue {
        if case .error(let words) = self { throw ErrorReply(words, from: endpoint).failure(operation: operation) }
        return self
    }
}
