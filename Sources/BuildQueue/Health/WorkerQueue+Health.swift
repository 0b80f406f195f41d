package import BuildModel
internal import RedisTransport

extension WorkerQueue {
    /// What is to be said of the server, by name: `redis.reachable` first, and alone if it does not answer. Loads the
    /// functions if they are missing, as every user of the queue does.
    package func findings() async -> [HealthFinding] {
        do {
            return try await prepare().findings
        } catch {
            let failure = BuildFailure(error, operation: "redis.reachable")
            if failure.operation == "redis.version" {
                return [HealthFinding("redis.version", .problem(failure.message, remedy: VersionCheck.remedy))]
            }
            let remedy = failure.isRetryable ? "Start Redis, or correct redis.url." : "Correct redis.url and its login."
            return [HealthFinding("redis.reachable", .problem("\(failure)", remedy: remedy))]
        }
    }

    static func checks(_ facts: ServerFacts) -> [any HealthCheck] {
        [
            ReachableCheck(facts: facts), VersionCheck(facts: facts), FunctionsCheck(facts: facts),
            PermissionsCheck(facts: facts), EvictionCheck(facts: facts), PersistenceCheck(facts: facts),
            ReplicationCheck(facts: facts), MemoryCheck(facts: facts), ClockCheck(facts: facts),
        ]
    }
}
