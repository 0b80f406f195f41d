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
        let library = try await FunctionLibrary.load(into: caller.client, form: caller.form)
        let facts = try await ServerFacts.gather(caller, library: library)
        var findings: [HealthFinding] = []
        for check in Self.checks(facts) { findings.append(await check.finding()) }
        return QueuePreparation(library: library, findings: findings)
    }
}
