import BuildModel
import RedisTransport
import TestSupport
import Testing

@testable import BuildQueue

@Suite("Scripts in the place of functions")
struct ScriptFormTests {
    private func user(_ farm: Farm, _ rules: String...) async throws -> RedisClient {
        let words = ["redis-cli", "-e", "-p", String(farm.server.port), "ACL", "SETUSER", "some", "reset", "on", ">pw"]
        try await Command.output(words + ["~*", "&*", "+@all"] + rules)
        return RedisClient(try RedisEndpoint(parsing: "redis://some:pw@127.0.0.1:\(farm.server.port)"), name: "some")
    }

    /// A build's whole way.
    private func whole(_ redis: RedisClient, _ id: String) async throws {
        let worker = try WorkerQueue(redis, settings: QueueSettings(worker: "w1"))
        let client = try BuildQueueClient(redis, farm: "farm")
        #expect(try await client.enqueue(Farm.request(id, #","deploy":false"#)).isNew)
        let lease = try #require(try await worker.claim())
        try await worker.appendLog(lease, from: 1, lines("one"))
        try await worker.confirm(lease)
        try await worker.finish(lease, .succeeded(BuildResult()))
        #expect(try await client.status(id)?.state == .success)
    }

    @Test("serve a user who may call no function, and say so")
    func forbidden() async throws {
        let farm = try await Farm()
        let redis = try await user(farm, "-function", "-fcall")
        let worker = try WorkerQueue(redis, settings: QueueSettings(worker: "w1"))
        #expect(try await worker.prepare().library == .scripts)
        #expect(worker.caller.form.current == .scripts)
        try await whole(redis, "d1")
        #expect(try await farm.server.cli("FUNCTION", "LIST").filter { !$0.isEmpty }.isEmpty)
        await redis.close()
    }

    @Test("are found by whoever comes without having prepared anything")
    func unprepared() async throws {
        let farm = try await Farm()
        let redis = try await user(farm, "-function", "-fcall")
        try await whole(redis, "d1")
        await redis.close()
    }

    @Test("are sent again when the server has forgotten them")
    func forgotten() async throws {
        let farm = try await Farm(options: Farm.withoutFunctions)
        try await whole(farm.redis, "d1")
        try await farm.server.cli("SCRIPT", "FLUSH")
        try await whole(farm.redis, "d2")
        try await farm.server.restart()
        try await whole(farm.redis, "d3")
    }

    @Test("share a farm with workers who call functions")
    func mixed() async throws {
        let farm = try await Farm()
        let redis = try await user(farm, "-function", "-fcall")
        let (one, other) = (try farm.worker("w1"), try WorkerQueue(redis, settings: QueueSettings(worker: "w2")))
        _ = try await farm.client.enqueue(Farm.request("d1"))
        let lease = try #require(try await other.claim())
        #expect(try await one.claim() == nil)
        try await one.finish(lease, .succeeded(BuildResult()))
        #expect(try await farm.status("d1").state == .success)
        await redis.close()
    }

    @Test("leave a library that somebody else has loaded in use, where scripts are forbidden too")
    func foreign() async throws {
        let farm = try await Farm()
        _ = try await farm.worker().prepare()
        let redis = try await user(farm, "-function", "-eval", "-evalsha")
        let worker = try WorkerQueue(redis, settings: QueueSettings(worker: "w1"))
        let preparation = try await worker.prepare()
        #expect(preparation.library == .foreign)
        #expect(preparation.findings.first { $0.name == "redis.functions" }?.status == .warning)
        try await whole(redis, "d1")
        await redis.close()
    }
}
