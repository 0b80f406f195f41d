import BuildModel
import TestSupport
import Testing

@Suite("A jump of Redis' clock")
struct ClockJumpTests {
    @Test("past the end of a lease ends no build: its worker renews and goes on")
    func forward() async throws {
        let farm = try await Farm()
        _ = try await farm.repository("app", ["index.html": "x"])
        let proxy = try HoldingProxy(to: farm.redis.port)
        let worker = try await farm.startWorker("--redis-url", "redis://127.0.0.1:\(proxy.port)/0")
        proxy.hold("slipway_v1_confirm")
        try await farm.add("d1", repository: "app")
        try await eventually("the worker has asked for leave") { proxy.isHolding }
        // As if it were later by the server's clock: to the worker its lease is fresh.
        try await farm.redis.cli("HSET", "slipway:{farm}:build:d1", "leaseUntil", "1")
        proxy.release()
        let status = try await farm.ended("d1")
        #expect(status["state"] == "SUCCESS", "\(worker.log)")
        #expect(status["attempt"] == 1)
        #expect(try await farm.redis.cli("HEXISTS", "slipway:{farm}:build:d1", "deaths") == ["0"])
    }
}
