internal import BuildModel
internal import RedisTransport

/// What a worker found when it got its server ready.
package struct QueuePreparation: Sendable, Hashable {
    package var library: LibraryState
    /// The server's version, such as `7.0.15`.
    package var serverVersion: String
    /// Settings of the server that endanger builds, each as a sentence for the operator.
    package var warnings: [String]
}

extension WorkerQueue {
    /// Loads the functions if they are missing or old, and looks at the server's settings.
    ///
    /// - Throws: `BuildFailure`; `invalid_configuration` for a server that is too old.
    package func prepare() async throws -> QueuePreparation {
        let client = caller.client
        let library = try await FunctionLibrary.load(into: client)
        let facts = Self.facts(try await client.send(["INFO"]).text ?? "")
        return QueuePreparation(
            library: library,
            serverVersion: facts["redis_version"] ?? "",
            warnings: Self.warnings(facts, library)
        )
    }

    private static func facts(_ information: String) -> [String: String] {
        var facts: [String: String] = [:]
        for line in information.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { facts[String(parts[0])] = String(parts[1]) }
        }
        return facts
    }

    private static func warnings(_ facts: [String: String], _ library: LibraryState) -> [String] {
        var warnings: [String] = []
        if let policy = facts["maxmemory_policy"], policy != "noeviction" {
            warnings.append("Redis may evict builds (maxmemory-policy \(policy)); set it to noeviction.")
        }
        if facts["aof_enabled"] == "0" {
            warnings.append("Redis loses builds when it restarts (appendonly no); set appendonly to yes.")
        }
        switch library {
        case .newer(let revision):
            warnings.append("Redis has a newer library \(FunctionLibrary.name) (revision \(revision)); it is used.")
        case .replaced(let revision):
            warnings.append("The library \(FunctionLibrary.name) in Redis (revision \(revision)) was replaced by ours.")
        case .loaded, .current: break
        }
        return warnings
    }
}
