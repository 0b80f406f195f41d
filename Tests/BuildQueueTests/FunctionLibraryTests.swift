import BuildModel
import RedisTransport
import TestSupport
import Testing

@testable import BuildQueue

@Suite("The function library")
struct FunctionLibraryTests {
    private static func library(revision: Int) -> RedisArgument {
        RedisArgument(
            """
            #!lua name=slipway_v1
            -- revision \(revision)
            redis.register_function('slipway_v1_claim', function() return {'none', '7-0'} end)
            redis.register_function('slipway_v1_probe', function() return {} end)
            """
        )
    }

    @Test("is loaded when it is missing, once")
    func missing() async throws {
        let farm = try await Farm()
        #expect(try await farm.worker().prepare().library == .loaded)
        let second = try await farm.worker("w2").prepare()
        #expect(second.library == .current)
        #expect(second.findings.allSatisfy { $0.status == .ok })
    }

    @Test("replaces an older or changed one and says so")
    func older() async throws {
        let farm = try await Farm()
        try await farm.redis.send(["FUNCTION", "LOAD", Self.library(revision: 0)])
        let preparation = try await farm.worker().prepare()
        #expect(preparation.library == .replaced(revision: 0))
        #expect(preparation.findings.contains { $0.name == "redis.functions" && $0.message.contains("revision 0") })
        #expect(try await farm.client.enqueue(Farm.request("d1")).isNew)
    }

    @Test("leaves a newer one alone and says so")
    func newer() async throws {
        let farm = try await Farm()
        try await farm.redis.send(["FUNCTION", "LOAD", Self.library(revision: 9999)])
        let preparation = try await farm.worker().prepare()
        #expect(preparation.library == .newer(revision: 9999))
        #expect(preparation.findings.contains { $0.status == .warning && $0.message.contains("9999") })
        #expect(try await farm.worker().claim() == nil)
    }

    @Test("survives a kill of the server, with all builds")
    func killed() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        try await worker.appendLog(lease, from: 1, lines("before"))
        try await farm.server.restart()
        #expect(try await farm.server.cli("FUNCTION", "LIST", "LIBRARYNAME", "slipway_v1").contains("slipway_v1"))
        try await worker.appendLog(lease, from: 2, lines("after"))
        try await worker.finish(lease, .succeeded(BuildResult()))
        #expect(try await farm.texts("d1") == ["before", "after"])
        #expect(try await farm.status("d1").state == .success)
    }

    @Test("comes back when everything was flushed away")
    func flushed() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        try await farm.server.cli("FLUSHALL")
        try await farm.server.cli("FUNCTION", "FLUSH")
        let failure = await #expect(throws: BuildFailure.self) { try await worker.renew(lease) }
        #expect(failure?.code == .leaseLost)
        #expect(try await farm.claimed("d2", by: worker).id == "d2")
    }

    @Test("is not called after its caller's time, which may have passed in the pause before another try")
    func late() async throws {
        let server = try FakeRedis { $0[0] == "FCALL" ? "-LOADING Redis is loading\r\n" : "+OK\r\n" }
        let redis = RedisClient(try RedisEndpoint(parsing: "redis://127.0.0.1:\(server.port)"), name: "test")
        try await redis.send(["PING"])
        let worker = try WorkerQueue(redis, settings: QueueSettings(worker: "w1"))
        await #expect(throws: BuildFailure.self) { try await worker.caller.call("tend", [], within: .milliseconds(20)) }
        #expect(server.asked.count { $0[0] == "FCALL" } <= 1)
        await redis.close()
    }

    @Test("rides out a server that is away for a while")
    func outage() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        try await farm.server.kill()
        async let ended = worker.finish(lease, .succeeded(BuildResult()))
        try await farm.server.start()
        #expect(try await ended == .ended)
        #expect(try await farm.status("d1").state == .success)
    }
}
