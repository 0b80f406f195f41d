import BuildModel
import RedisTransport
import TestSupport
import Testing

@testable import BuildQueue

@Suite("A farm on a Redis Cluster", .serialized)
struct ClusterTests {
    private func worker(_ cluster: RedisCluster, farm: String = "farm", seeds: [Int]) throws -> WorkerQueue {
        let hosts = seeds.map { "127.0.0.1:\(cluster.nodes[$0].port)" }.joined(separator: ",")
        let location = try RedisLocation(parsing: "redis-cluster://\(hosts)")
        let redis = RedisClient(location, name: "test", key: "slipway:{\(farm)}:intake")
        return try WorkerQueue(redis, settings: QueueSettings(farm: farm, worker: "w1"))
    }

    private func whole(_ worker: WorkerQueue, _ id: String) async throws {
        let client = try BuildQueueClient(worker.caller.client, farm: worker.settings.farm)
        #expect(try await client.enqueue(Farm.request(id)).isNew)
        let lease = try #require(try await worker.claim())
        try await worker.appendLog(lease, from: 1, lines("one"))
        try await worker.finish(lease, .succeeded(BuildResult()))
        #expect(try await client.status(id)?.state == .success)
        var texts: [String] = []
        for try await entry in try await client.logs(id) { texts.append(entry.line.text) }
        #expect(texts == ["one"])
    }

    @Test("finds the node of its slot, whichever node it asks first", arguments: ["farm", "other", "third"])
    func anySeed(farm: String) async throws {
        let cluster = try await RedisCluster()
        for seed in 0..<3 {
            let worker = try worker(cluster, farm: farm, seeds: [seed])
            let findings = try await worker.prepare().findings
            #expect(findings.allSatisfy { $0.status == .ok }, "\(findings)")
            try await whole(worker, "d\(seed)")
            await worker.caller.client.close()
        }
    }

    @Test("follows its slot to another node, and loses nothing while it moves")
    func moved() async throws {
        let cluster = try await RedisCluster()
        let worker = try worker(cluster, seeds: [0, 1, 2])
        let client = try BuildQueueClient(worker.caller.client, farm: "farm")
        for number in 1...20 { _ = try await client.enqueue(Farm.request("d\(number)")) }
        let lease = try #require(try await worker.claim())
        let source = try await cluster.owner(of: Farm.intake)
        let target = try #require(cluster.nodes.first { $0 !== source })
        try await cluster.move(Farm.intake, to: target) {
            // Midway no call goes through, and none is half done: keys of the farm are on both nodes.
            let failure = await #expect(throws: BuildFailure.self) {
                try await worker.caller.call("enqueue", [RedisArgument(Farm.request("late"))], within: .seconds(1))
            }
            #expect(failure?.isRetryable == true)
            // Reading takes one key, and is sent on to where that is by now.
            for number in 1...20 {
                let key = RedisArgument("slipway:{farm}:build:d\(number)")
                let state = try await worker.caller.client.send(["HGET", key, "state"]).text
                #expect(state == (lease.id == "d\(number)" ? "BUILDING" : "PENDING"))
            }
            // A producer that follows redirections is heard even now.
            let words = ["redis-cli", "-c", "-e", "-p", String(source.port), "XADD", Farm.intake, "*", "request"]
            try await Command.output(words + [Farm.request("plain")])
        }
        #expect(try await cluster.owner(of: Farm.intake) === target)
        _ = try await worker.renew(lease)
        try await worker.finish(lease, .succeeded(BuildResult()))
        var ids: Set<String> = [lease.id]
        while let next = try await worker.claim() {
            ids.insert(next.id)
            try await worker.finish(next, .succeeded(BuildResult()))
        }
        #expect(ids == Set((1...20).map { "d\($0)" } + ["plain"]))
        await worker.caller.client.close()
    }

    @Test("wakes its waiting workers when the slot has moved")
    func waiting() async throws {
        let cluster = try await RedisCluster()
        let worker = try worker(cluster, seeds: [0])
        #expect(try await worker.claim() == nil)
        let source = try await cluster.owner(of: Farm.intake)
        let target = try #require(cluster.nodes.first { $0 !== source })
        try await cluster.move(Farm.intake, to: target)
        let client = try BuildQueueClient(worker.caller.client, farm: "farm")
        async let heard = worker.waitForWork(.seconds(120))
        _ = try await client.enqueue(Farm.request("d1"))
        #expect(try await heard)
        await worker.caller.client.close()
    }

    @Test("says what to write when a single server's URL leads to a cluster")
    func singleURL() async throws {
        let cluster = try await RedisCluster()
        for node in cluster.nodes {
            let redis = RedisClient(try RedisEndpoint(parsing: node.url), name: "test")
            let client = try BuildQueueClient(redis, farm: "farm")
            do {
                _ = try await client.enqueue(Farm.request("d1"))
            } catch let failure as BuildFailure {
                #expect(failure.message.contains("redis-cluster://"))
            }
            await redis.close()
        }
    }
}
