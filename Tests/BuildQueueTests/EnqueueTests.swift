import BuildModel
import RedisTransport
import TestSupport
import Testing

@testable import BuildQueue

@Suite("Enqueueing")
struct EnqueueTests {
    @Test("makes a build once and returns the existing one after that")
    func idempotent() async throws {
        let farm = try await Farm()
        let first = try await farm.client.enqueue(Farm.request("d1"))
        #expect(first == EnqueueReceipt(id: "d1", isNew: true, state: .pending))
        _ = try await farm.worker().claim()
        let second = try await farm.client.enqueue(Farm.request("d1", #","branch":"x""#))
        #expect(second == EnqueueReceipt(id: "d1", isNew: false, state: .building))
    }

    @Test("names the wrong field")
    func invalid() async throws {
        let farm = try await Farm()
        let failure = await #expect(throws: BuildFailure.self) {
            try await farm.client.enqueue(Farm.request("d1", #","port":0"#))
        }
        #expect(failure?.code == .invalidRequest)
        #expect(failure?.message.contains("'port'") == true)
        let large = Farm.request("d1", #","x":"\#(String(repeating: "a", count: 300_000))""#)
        let tooLarge = await #expect(throws: BuildFailure.self) { try await farm.client.enqueue(large) }
        #expect(tooLarge?.code == .invalidRequest)
        #expect(tooLarge?.message.contains("262144") == true)
    }

    @Test("runs higher priorities first, and equal ones in order")
    func priorities() async throws {
        let farm = try await Farm()
        for (id, priority) in [("a", 0), ("b", 5), ("c", -1), ("d", 1_000_000), ("e", 5), ("f", 0)] {
            _ = try await farm.client.enqueue(Farm.request(id, #","priority":\#(priority)"#))
        }
        let worker = try farm.worker()
        var order = ""
        while let lease = try await worker.claim() { order += lease.id }
        #expect(order == "dbeafc")
    }

    @Test("lists the newest first")
    func list() async throws {
        let farm = try await Farm()
        for id in ["d1", "d2", "d3"] {
            _ = try await farm.client.enqueue(Farm.request(id))
            // Times have milliseconds: the next build is to be younger.
            let created = try await farm.status(id).createdAt
            try await eventually("the server's clock moves on") {
                let time = try await farm.redis.send(["TIME"])
                return (time[0]?.integer ?? 0) * 1000 + (time[1]?.integer ?? 0) / 1000 > created
            }
        }
        #expect(try await farm.client.list(limit: 2).map(\.deploymentID) == ["d3", "d2"])
        #expect(try await farm.client.list(limit: 0).isEmpty)
    }

    @Test("is refused by a full Redis, while a build that runs can still end")
    func fullServer() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        try await farm.add(Farm.request("d2"))
        try await farm.server.cli("CONFIG", "SET", "maxmemory", "1")
        let failure = await #expect(throws: BuildFailure.self) { try await farm.client.enqueue(Farm.request("d3")) }
        #expect(failure?.code.rawValue == "redis_out_of_memory")
        #expect(failure?.isRetryable == true)
        _ = try await worker.renew(lease)
        try await worker.setPhase(lease, .pushing)
        try await worker.finish(lease, .succeeded(try fullResult()))
        let next = try #require(try await worker.claim())
        #expect(next.id == "d2")
        try await worker.giveBack(next)
        #expect(try await farm.status("d1").state == .success)
        #expect(try await farm.client.status("d3") == nil)
    }
}
