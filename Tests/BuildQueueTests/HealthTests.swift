import BuildModel
import RedisTransport
import TestSupport
import Testing

@testable import BuildQueue

@Suite("What the checks say of a Redis server")
struct HealthTests {
    private static let names = [
        "redis.reachable", "redis.version", "redis.functions", "redis.permissions", "redis.eviction",
        "redis.persistence", "redis.replication", "redis.memory", "redis.clock",
    ]

    private func finding(_ name: String, _ options: String...) async throws -> HealthFinding {
        let farm = try await Farm(options: options)
        let findings = await (try farm.worker()).findings()
        farm.server.stop()
        return try #require(findings.first { $0.name == name })
    }

    @Test("a server as it should be has no complaint, and every check says so under its name")
    func sound() async throws {
        let farm = try await Farm()
        let findings = await (try farm.worker()).findings()
        farm.server.stop()
        #expect(findings.map(\.name) == Self.names)
        #expect(findings.allSatisfy { $0.status == .ok && $0.remedy.isEmpty && !$0.message.isEmpty })
    }

    @Test("a server that may evict is refused by name")
    func eviction() async throws {
        let finding = try await finding("redis.eviction", "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru")
        #expect(finding.status == .problem)
        #expect(finding.remedy.contains("noeviction"))
    }

    @Test("a policy that would evict, on a server without a limit, is a warning")
    func idlePolicy() async throws {
        #expect(try await finding("redis.eviction", "--maxmemory-policy", "volatile-ttl").status == .warning)
    }

    @Test("a server without an append-only file is refused by name")
    func persistence() async throws {
        let finding = try await finding("redis.persistence", "--appendonly", "no")
        #expect(finding.status == .problem)
        #expect(finding.remedy.contains("appendonly"))
    }

    @Test("a server that is nearly full is a warning")
    func memory() async throws {
        let farm = try await Farm(options: ["--maxmemory", "64mb"])
        _ = try await farm.worker().prepare()
        let used = try await farm.server.cli("INFO", "memory").first { $0.hasPrefix("used_memory:") }
        let bytes = try #require(used.flatMap { Int($0.dropFirst("used_memory:".count)) })
        _ = try await farm.server.cli("CONFIG", "SET", "maxmemory", String(bytes + bytes / 10))
        let findings = await (try farm.worker()).findings()
        farm.server.stop()
        #expect(findings.first { $0.name == "redis.memory" }?.status == .warning)
    }

    @Test("commands that the user may not call are named")
    func permissions() async throws {
        let farm = try await Farm()
        _ = try await farm.worker().prepare()
        _ = try await farm.server.cli("ACL", "SETUSER", "few", "on", ">s3", "~*", "&*", "+@all", "-xdel", "-persist")
        let url = "redis://few:s3@127.0.0.1:\(farm.server.port)"
        let redis = RedisClient(try RedisEndpoint(parsing: url), name: "few")
        let findings = await (try WorkerQueue(redis, settings: QueueSettings(worker: "w1"))).findings()
        let finding = try #require(findings.first { $0.name == "redis.permissions" })
        #expect(finding.status == .problem)
        #expect(finding.message.contains("XDEL") && finding.message.contains("PERSIST"))
        #expect(!finding.message.contains("XADD"))
        await redis.close()
    }

    @Test("a replica is refused by name")
    func replica() async throws {
        let farm = try await Farm()
        let options = Farm.forbidsFunctions ? Farm.withoutFunctions : []
        let other = try await RedisServer(options: ["--replicaof", "127.0.0.1", String(farm.server.port)] + options)
        _ = try await farm.worker().prepare()
        try await eventually("the replica is up to date") {
            guard try await other.cli("INFO", "replication").contains("master_link_status:up") else { return false }
            guard !Farm.forbidsFunctions else { return true }
            return try await other.cli("FUNCTION", "LIST").contains("slipway_v1")
        }
        let redis = RedisClient(try RedisEndpoint(parsing: other.url), name: "test")
        let findings = await (try WorkerQueue(redis, settings: QueueSettings(worker: "w1"))).findings()
        #expect(findings.first { $0.name == "redis.replication" }?.status == .problem)
        await redis.close()
        let primary = await (try farm.worker()).findings().first { $0.name == "redis.replication" }
        #expect(primary?.status == .problem)
        #expect(primary?.remedy.contains("min-replicas-to-write") == true)
        try await farm.server.cli("CONFIG", "SET", "min-replicas-to-write", "1")
        #expect(await (try farm.worker()).findings().first { $0.name == "redis.replication" }?.status == .ok)
    }

    @Test("a primary that Sentinels may replace, and that takes writes alone, is refused, also while it has no replica")
    func splitBrain() async throws {
        let sentinels = try await RedisSentinels()
        sentinels.servers[1].stop()
        let redis = RedisClient(try RedisLocation(parsing: sentinels.url), name: "test", key: Farm.intake)
        let worker = try WorkerQueue(redis, settings: QueueSettings(worker: "w1"))
        try await eventually("the replica is gone") {
            try await sentinels.servers[0].cli("INFO", "replication").contains("connected_slaves:0")
        }
        let finding = await worker.findings().first { $0.name == "redis.replication" }
        #expect(finding?.status == .problem)
        #expect(finding?.remedy.contains("min-replicas-max-lag to less than queue.leaseSeconds") == true)
        await redis.close()
    }

    @Test(
        "a server that is too old is refused before it is asked what it does not know",
        arguments: [
            (["redis_version": "6.2.14"], "Redis 6.2.14"), (["redis_version": "7.0.0"], nil), ([:], "too old"),
            (["redis_version": "7.2.4", "valkey_version": "8.1.1"], nil),
        ] as [([String: String], String?)]
    )
    func version(info: [String: String], words: String?) async throws {
        let client = RedisClient(try RedisEndpoint(parsing: "redis://127.0.0.1:1"), name: "test")
        do {
            try WorkerQueue.checkVersion(info, of: client)
            #expect(words == nil)
        } catch {
            #expect(error.code == .invalidConfiguration)
            #expect(words.map(error.message.contains) == true, "\(error)")
        }
    }

    @Test("a server of an old version is told so before anything that it does not understand")
    func oldServer() async throws {
        let server = try FakeRedis { words in
            switch words.first {
            case "INFO": FakeRedis.text("# Server\r\nredis_version:6.2.14\r\n")
            case "CLIENT": "+OK\r\n"
            default: "-ERR unknown command `\(words.first ?? "")`, with args beginning with: \r\n"
            }
        }
        let redis = RedisClient(try RedisEndpoint(parsing: "redis://127.0.0.1:\(server.port)"), name: "test")
        let worker = try WorkerQueue(redis, settings: QueueSettings(worker: "w1"))
        let failure = await #expect(throws: BuildFailure.self) { try await worker.prepare() }
        #expect(failure?.code == .invalidConfiguration)
        let finding = try #require(await worker.findings().first)
        #expect(finding.name == "redis.version")
        #expect(finding.status == .problem)
        #expect(finding.message.contains("Redis 6.2.14 is too old"))
        #expect(finding.remedy.contains("Redis 7.0"))
        #expect(Set(server.asked.compactMap(\.first)) == ["CLIENT", "INFO"])
        await redis.close()
    }

    @Test("a server that does not answer is the only finding")
    func away() async throws {
        let redis = RedisClient(try RedisEndpoint(parsing: "redis://127.0.0.1:1"), name: "test")
        let findings = await (try WorkerQueue(redis, settings: QueueSettings(worker: "w1"))).findings()
        #expect(findings.map(\.name) == ["redis.reachable"])
        #expect(findings.first?.status == .problem)
    }

    @Test("clocks that differ are a warning, and far off a problem", arguments: [(0, 0), (3000, 1), (400_000, 2)])
    func clock(difference: Int64, severity: Int) async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let library = try await worker.prepare().library
        let info = try await ServerFacts.info(worker.caller.client)
        var facts = try await ServerFacts.gather(worker.caller, info, library: library)
        // On a busy machine the two clocks may be read a while apart.
        for _ in 0..<5 where abs(facts.clockDifference) >= 1000 {
            facts = try await ServerFacts.gather(worker.caller, info, library: library)
        }
        #expect(abs(facts.clockDifference) < 1000)
        facts.clockDifference = -difference
        let status = await ClockCheck(facts: facts).finding().status
        #expect(status == HealthFinding.Status.allCases[severity])
    }
}
