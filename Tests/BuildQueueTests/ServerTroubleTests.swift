import BuildModel
import RedisTransport
import TestSupport
import Testing

@testable import BuildQueue

/// What is known to lose or double work in queues on Redis, tried on this one.
@Suite("What a server or a stranger can do to a farm")
struct ServerTroubleTests {
    private func digest(_ farm: Farm) async throws -> [String] { try await farm.server.cli("DEBUG", "DIGEST") }

    @Test("a call that is refused has written nothing, whichever argument is wrong")
    func wholeOrNothing() async throws {
        let farm = try await Farm(options: ["--enable-debug-command", "local"])
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        let (id, epoch) = (RedisArgument("d1"), RedisArgument(lease.epoch))
        let stale = RedisArgument(lease.epoch - 1)
        let calls: [(String, [RedisArgument])] = [
            ("enqueue", ["{"]), ("enqueue", ["{}"]), ("enqueue", [#"{"deploymentId":"-"}"#]), ("enqueue", ["[]"]),
            ("ingest", ["x"]), ("claim", ["w 1", "t", "1000", "1000", "{}"]), ("claim", ["w", "t", "0", "1000", "{}"]),
            ("claim", ["w", "t", "1000", "1000", "nothing"]),
            ("renew", [id, stale, "1000"]), ("renew", [id, epoch, "x"]),
            ("confirm", [id, stale]), ("give_back", [id, stale]), ("advance", [id, stale, "pushing"]),
            ("advance", [id, epoch, "dancing"]), ("finish", [id, epoch, "DONE", "1000"]),
            ("finish", [id, stale, "SUCCESS", "1000"]), ("finish", [id, epoch, "SUCCESS", "1000", "shoe", "1"]),
            ("finish", [id, epoch, "SUCCESS", "0"]),
            ("log", [id, stale, "1", "9", "9", "9", "9", "1", "stdout", "", "a"]),
            ("log", [id, epoch, "1", "9", "9", "9", "9", "1", "stdout", ""]), ("cancel", [""]), ("cancel", ["nobody"]),
            ("retry", [""]), ("retry", ["nobody"]), ("retry", [id]), ("tend", ["0", "1000", "10"]),
            ("tend", ["1000", "1000", "10", "nothing"]), ("explain", [""]),
        ]
        let before = try await digest(farm)
        for (name, arguments) in calls {
            _ = try? await worker.caller.call(name, arguments)
            let words = arguments.map { String(decoding: $0.bytes, as: UTF8.self) }
            #expect(try await digest(farm) == before, "\(name) \(words)")
        }
        try await worker.confirm(lease)
    }

    @Test("a full server takes nothing in, and lets everything end", arguments: [QueueKind.functions, .scripts])
    func full(_ kind: QueueKind) async throws {
        let farm = try await Farm(options: kind == .scripts ? Farm.withoutFunctions : [])
        let worker = try farm.worker { $0.projectLimit = 0 }
        var leases: [Lease] = []
        for number in 1...3 { leases.append(try await farm.claimed("d\(number)", by: worker)) }
        try await farm.add(Farm.request("waits"))
        _ = try? await farm.client.enqueue("{}")
        try await worker.appendLog(leases[0], from: 1, lines("before"))
        try await farm.server.cli("CONFIG", "SET", "maxmemory", "1")
        let refused = await #expect(throws: BuildFailure.self) { try await farm.client.enqueue(Farm.request("new")) }
        #expect(refused?.code == .redisOutOfMemory)
        let more = lines("x")
        let log = await #expect(throws: BuildFailure.self) { try await worker.appendLog(leases[0], from: 2, more) }
        #expect(log?.code == .redisOutOfMemory)
        _ = try await worker.renew(leases[0])
        try await worker.confirm(leases[0])
        try await worker.setPhase(leases[0], .pushing)
        try await worker.finish(leases[0], .succeeded(BuildResult()))
        try await worker.giveBack(leases[1])
        _ = try await farm.client.cancel("d3")
        try await worker.tend()
        #expect(try await worker.claim() != nil)
        #expect(try await farm.status("d1").state == .success)
    }

    @Test("trimming the intake loses what lies in it, and no build that was taken in")
    func trimmed() async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.projectLimit = 0 }
        let lease = try await farm.claimed("d1", by: worker)
        for number in 2...5 { try await farm.add(Farm.request("d\(number)")) }
        _ = try await farm.client.status("d5")
        try await farm.server.cli("XTRIM", Farm.intake, "MAXLEN", "0")
        var ids = [lease.id]
        while let next = try await worker.claim() { ids.append(next.id) }
        #expect(ids.sorted() == ["d1", "d2", "d3", "d4", "d5"])
        try await worker.confirm(lease)
    }

    @Test("a stranger's consumer group on the intake takes nothing away")
    func group() async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.projectLimit = 0 }
        for number in 1...3 { try await farm.add(Farm.request("d\(number)")) }
        try await farm.server.cli("XGROUP", "CREATE", Farm.intake, "strangers", "0")
        let words = ["XREADGROUP", "GROUP", "strangers", "s1", "COUNT", "3", "STREAMS", Farm.intake, ">"]
        try await farm.redis.send(words.map { RedisArgument($0) })
        try await farm.server.cli("XGROUP", "DELCONSUMER", Farm.intake, "strangers", "s1")
        var ids: [String] = []
        while let next = try await worker.claim() { ids.append(next.id) }
        #expect(ids == ["d1", "d2", "d3"])
    }

    /// Each leaves a stream's own `lag` without a value, or wrong for good.
    private static let oddities = [
        "XDEL slipway:{farm}:intake ID", "XTRIM slipway:{farm}:intake MAXLEN 3",
        "XGROUP CREATE slipway:{farm}:intake g ID", "XACK slipway:{farm}:intake g ID",
    ]

    @Test("counts are of builds, whatever became of entries of streams", arguments: oddities)
    func counts(oddity: String) async throws {
        let farm = try await Farm()
        for number in 1...4 { try await farm.add(Farm.request("d\(number)")) }
        let entries = try await farm.redis.send(["XRANGE", RedisArgument(Farm.intake), "-", "+"])
        let second = try #require(entries[1]?[0]?.text)
        if oddity.hasPrefix("XACK") {
            try await farm.server.cli("XGROUP", "CREATE", Farm.intake, "g", "0")
            try await farm.redis.send(["XREADGROUP", "GROUP", "g", "c", "STREAMS", RedisArgument(Farm.intake), ">"])
        }
        let words = oddity.split(separator: " ").map { $0 == "ID" ? second : String($0) }
        _ = try await farm.redis.send(words.map { RedisArgument($0) })
        let left = try await farm.redis.send(["XLEN", RedisArgument(Farm.intake)]).integer
        _ = try await farm.client.status("d4")
        let overview = try await farm.client.overview()
        #expect(overview["ready"]?.integer == left)
        #expect(overview["intake"]?.integer == 0)
    }

    @Test("a worker that waits on two streams is given one build by its claim, and hides none from others")
    func oneAtATime() async throws {
        let farm = try await Farm()
        let (first, second) = (try farm.worker("w1"), try farm.worker("w2"))
        #expect(try await first.claim() == nil)
        // A ring of the doorbell and entries of the intake at once.
        _ = try await farm.client.enqueue(Farm.request("d1"))
        for number in 2...4 { try await farm.add(Farm.request("d\(number)")) }
        #expect(try await first.waitForWork(.seconds(10)))
        #expect(try await first.claim()?.id == "d1")
        #expect(try await second.claim()?.id == "d2")
        #expect(try await farm.client.overview()["ready"] == 2)
        #expect(try await farm.client.overview()["running"] == 2)
    }

    @Test("only on its own connection can a producer wait until a replica has its build, and a repeat is harmless")
    func waiting() async throws {
        let farm = try await Farm()
        let replica = try await RedisServer(options: ["--replicaof", "127.0.0.1", String(farm.server.port)])
        try await eventually("the replica follows") {
            try await farm.server.cli("INFO", "replication").contains { $0.contains("state=online") }
        }
        replica.suspend()
        let add = "XADD \(Farm.intake) * request '\(Farm.request("d1"))'"
        let words = ["redis-cli", "-p", String(farm.server.port)]
        let own = try await Command.output(words, input: Array("\(add)\nWAIT 1 300\n".utf8)).lines
        #expect(own.last == "0")
        // Somebody else's connection has written nothing, so all of it is everywhere.
        #expect(try await farm.server.cli("WAIT", "1", "300") == ["1"])
        replica.resume()
        let again = try await Command.output(words, input: Array("\(add)\nWAIT 1 120000\n".utf8)).lines
        #expect(again.last == "1")
        // The primary is gone for good.
        try await farm.server.kill()
        try await replica.cli("REPLICAOF", "NO", "ONE")
        let redis = RedisClient(try RedisEndpoint(parsing: replica.url), name: "test")
        let worker = try WorkerQueue(redis, settings: QueueSettings(worker: "w1"))
        #expect(try await worker.claim()?.id == "d1")
        #expect(try await worker.claim() == nil)
        await redis.close()
    }

    @Test(
        "a worker that waits survives that its keys are deleted under it",
        arguments: [["DEL", "slipway:{farm}:doorbell"], ["DEL", "slipway:{farm}:intake"], ["FLUSHALL"]]
    )
    func deleted(_ words: [String]) async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d0", by: worker)
        try await worker.finish(lease, .succeeded(BuildResult()))
        #expect(try await worker.claim() == nil)
        async let heard = worker.waitForWork(.seconds(10))
        try await eventually("it waits") {
            try await farm.server.cli("INFO", "clients").contains { $0.hasPrefix("blocked_clients:1") }
        }
        try await Command.output(["redis-cli", "-e", "-p", String(farm.server.port)] + words)
        try await farm.add(Farm.request("d1"))
        // An error, a ring and nothing at all are answers that a worker goes on after: it claims again.
        _ = try? await heard
        #expect(try await worker.claim()?.id == "d1")
    }

    @Test("every key of a farm lies in one slot")
    func slots() async throws {
        let farm = try await Farm(options: ["--cluster-enabled", "yes", "--cluster-port", String(Port.free())])
        try await farm.server.cli("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        try await eventually("the cluster of one stands") {
            try await farm.server.cli("CLUSTER", "INFO").contains { $0.hasPrefix("cluster_state:ok") }
        }
        let worker = try farm.worker { $0.projectLimit = 0 }
        for id in ["d1", "d:2", "a}b"] { try? await farm.add(Farm.request(id, #","organizationId":"t1","delay":0"#)) }
        let lease = try #require(try await worker.claim())
        try await worker.appendLog(lease, from: 1, lines("a"))
        _ = try await farm.client.enqueue(Farm.request("late", #","delay":60000,"supersedes":"k""#))
        _ = try await farm.client.cancel("late")
        try await worker.finish(lease, .succeeded(BuildResult()))
        var slots: Set<String> = []
        let keys = try await farm.server.cli("KEYS", "*")
        #expect(keys.count > 10)
        for key in keys { slots.formUnion(try await farm.server.cli("CLUSTER", "KEYSLOT", key)) }
        #expect(slots.count == 1)
    }
}
