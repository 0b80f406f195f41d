package import BuildModel
internal import RedisTransport

/// What a worker found when it got its server ready.
package struct QueuePreparation: Sendable, Hashable {
    package var library: LibraryState
    /// What the checks of the server found, each under its name.
    package var findings: [HealthFinding]
}

extension WorkerQueue {
    /// Loads the functions if they are missing or old, and looks at the server's settings.
    ///
    /// - Throws: `BuildFailure`; `invalid_configuration` for a server that is too old.
    package func prepare() async throws -> QueuePreparation {
        // Before anything that an older server does not know.
        let info = try await ServerFacts.info(caller.client)
        try Self.checkVersion(info, of: caller.client)
        let library = try await FunctionLibrary.load(into: caller.client, form: caller.form)
        let facts = try await ServerFacts.gather(caller, info, library: library)
        var findings: [HealthFinding] = []
        for check in Self.checks(facts) { findings.append(await check.finding()) }
        return QueuePreparation(library: library, findings: findings)
    }

    /// - Throws: `BuildFailure` with code `invalid_configuration` for a server that lacks what the functions need.
    static func checkVersion(_ info: [String: String], of client: RedisClient) throws(BuildFailure) {
        guard case .problem(let message, _) = VersionCheck.verdict(info) else { return }
        throw BuildFailure(
            .platform,
            .invalidConfiguration,
            operation: "redis.version",
            message: "\(client.endpoint): \(message)"
        )
    }
}
