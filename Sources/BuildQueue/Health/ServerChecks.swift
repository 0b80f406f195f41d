internal import BuildModel
internal import Platform
internal import RedisTransport

/// A judgement of what was seen of the server.
protocol ServerCheck: HealthCheck {
    var facts: ServerFacts { get }
}

/// Redis answers.
struct ReachableCheck: ServerCheck {
    let name = "redis.reachable"
    let facts: ServerFacts

    func verdict() -> HealthVerdict {
        .ok("\(facts.endpoint) answers in \(facts.roundTrip.milliseconds) ms.")
    }
}

/// Functions came with 7.0, and so did the flags of scripts that stand in for them.
struct VersionCheck: ServerCheck {
    static let remedy = "Run Redis 7.0 or later, or Valkey."
    let name = "redis.version"
    let facts: ServerFacts

    func verdict() -> HealthVerdict { Self.verdict(facts.info) }

    /// - Parameter info: the fields of `INFO`: all that an older server can be asked.
    static func verdict(_ info: [String: String]) -> HealthVerdict {
        let redis = info["redis_version"] ?? ""
        let product = info["valkey_version"].map { "Valkey \($0)" } ?? "Redis \(redis)"
        guard (redis.split(separator: ".").first.flatMap { Int($0) } ?? 0) >= 7 else {
            return .problem("\(product) is too old: functions came with 7.0.", remedy: remedy)
        }
        return .ok("\(product).")
    }
}

/// A server that removes keys when it is full removes builds.
struct EvictionCheck: ServerCheck {
    let name = "redis.eviction"
    let facts: ServerFacts

    func verdict() -> HealthVerdict {
        let policy = facts.info["maxmemory_policy"] ?? "unknown"
        if policy == "noeviction" { return .ok("Nothing is evicted (maxmemory-policy noeviction).") }
        let remedy = "Set maxmemory-policy to noeviction."
        if facts.number("maxmemory") == 0 {
            let words = "Only that there is no maxmemory keeps builds"
            return .warning("\(words) (maxmemory-policy \(policy)).", remedy: remedy)
        }
        return .problem("Redis may evict builds (maxmemory-policy \(policy)).", remedy: remedy)
    }
}

/// What was accepted has to outlive a restart of the server.
struct PersistenceCheck: ServerCheck {
    let name = "redis.persistence"
    let facts: ServerFacts

    func verdict() -> HealthVerdict {
        guard facts.info["aof_enabled"] == "1" else {
            return .problem(
                "Redis loses builds when it restarts (appendonly no).",
                remedy: "Set appendonly to yes; appendfsync everysec loses a second at most when power fails."
            )
        }
        guard facts.info["aof_last_write_status"] != "err" else {
            return .problem("Redis cannot write its append-only file.", remedy: "Look at its disk and its log.")
        }
        return .ok("The append-only file is on.")
    }
}

/// Replicas that lag lose, when one takes over, what they have not got yet.
struct ReplicationCheck: ServerCheck {
    let name = "redis.replication"
    let facts: ServerFacts

    func verdict() -> HealthVerdict {
        guard facts.info["role"] != "slave" else {
            let remedy = "Name the primary, or its Sentinels."
            return .problem("\(facts.endpoint) is a replica and takes no writes.", remedy: remedy)
        }
        let replicas = facts.number("connected_slaves")
        let mayFailOver = replicas > 0 || facts.hasSentinels
        if mayFailOver, facts.info["min_slaves_good_slaves"] == nil {
            let words = replicas > 0 ? "There are \(replicas) replicas" : "Sentinels may name another primary"
            return .problem(
                "\(words), but the primary takes writes when no replica has them: cut off, it would go on beside its successor.",
                remedy: "Set min-replicas-to-write to 1, and min-replicas-max-lag to less than queue.leaseSeconds."
            )
        }
        return .ok(replicas == 0 ? "No replicas." : "\(replicas) replicas, of which some must keep up.")
    }
}

/// Leases, delays and ages go by the server's clock alone; times in logs are the worker's.
struct ClockCheck: ServerCheck {
    let name = "redis.clock"
    let facts: ServerFacts

    func verdict() -> HealthVerdict {
        let difference = facts.clockDifference
        let words = "This node's clock and the server's differ by \(abs(difference)) ms"
        let remedy = "Keep both nodes' clocks by NTP (timedatectl set-ntp true)."
        if abs(difference) > 300_000 {
            return .problem("\(words): certificates and tokens go by them.", remedy: remedy)
        }
        if abs(difference) > 2000 { return .warning("\(words): times in logs are off.", remedy: remedy) }
        return .ok("\(words).")
    }
}

/// Transitions are whole only as functions or scripts of the server.
struct FunctionsCheck: ServerCheck {
    let name = "redis.functions"
    let facts: ServerFacts

    func verdict() -> HealthVerdict {
        let library = FunctionLibrary.name
        switch facts.library {
        case .loaded, .current: return .ok("The library \(library) is loaded.")
        case .scripts: return .ok("Functions are forbidden or missing; scripts of the same source stand in (EVALSHA).")
        case .foreign:
            return .warning(
                "The user may neither load functions nor run scripts; the library that is there is used unseen.",
                remedy: "Allow FUNCTION LIST and FUNCTION LOAD, or see that the library is this version's."
            )
        case .replaced(let revision): return .ok("The library \(library) was of revision \(revision) and is ours now.")
        case .newer(let revision):
            return .warning(
                "Redis has a newer library \(library) (revision \(revision)), which is used.",
                remedy: "Bring this worker up to date."
            )
        }
    }
}

/// What the functions do they may only do if their caller may.
struct PermissionsCheck: ServerCheck {
    let name = "redis.permissions"
    let facts: ServerFacts

    func verdict() -> HealthVerdict {
        guard !facts.denied.isEmpty else { return .ok("The user may do all that the queue needs.") }
        return .problem(
            "The user may not call: \(facts.denied.joined(separator: ", ")).",
            remedy: "Give the user these commands on the farm's keys (docs/contract.md has the whole ACL line)."
        )
    }
}

/// A full server takes no new builds.
struct MemoryCheck: ServerCheck {
    let name = "redis.memory"
    let facts: ServerFacts

    func verdict() -> HealthVerdict {
        let (used, limit) = (facts.number("used_memory"), facts.number("maxmemory"))
        guard limit > 0 else { return .ok("\(used >> 20) MiB used, no limit.") }
        let words = "\(used >> 20) of \(limit >> 20) MiB used"
        guard used > limit / 10 * 8 else { return .ok("\(words).") }
        return .warning(
            "\(words): once it is full, builds end but none is taken in.",
            remedy: "Raise maxmemory, or lower queue.retentionDays."
        )
    }
}
