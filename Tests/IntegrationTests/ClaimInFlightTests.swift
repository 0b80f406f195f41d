import BuildModel
import Glibc
import TestSupport
import Testing

/// Redis has given the build away, and the worker does not know it yet.
@Suite("A worker whose claim has no answer yet")
struct ClaimInFlightTests {
    /// What becomes of the answer.
    enum Fate: CaseIterable {
        case late
        case never
        case lost
    }

    /// A farm whose build `d1` was claimed by a worker that has got no answer.
    private func farm() async throws -> (Farm, HoldingProxy, ServerProcess) {
        let farm = try await Farm("queue:\n  leaseSeconds: 120\n  renewSeconds: 40\n")
        _ = try await farm.repository("app", ["index.html": "x"])
        try await farm.add("d1", repository: "app")
        let proxy = try HoldingProxy(to: farm.redis.port)
        // As a call has it: loading the functions names them all.
        proxy.hold("$16\r\nslipway_v1_claim\r\n")
        let worker = try await farm.startWorker("--redis-url", "redis://127.0.0.1:\(proxy.port)/0")
        try await eventually("the build is the worker's") {
            guard proxy.isHolding else { return false }
            return try await farm.redis.cli("HGET", "slipway:{farm}:build:d1", "state") == ["BUILDING"]
        }
        return (farm, proxy, worker)
    }

    /// The types of what was told of the build, without its phases.
    private func story(_ farm: Farm) async throws -> [String] {
        let history = try await History.read("d1", farm)
        #expect(history.violations == [])
        return history.events.map(\.type).filter { $0 != "phase" }
    }

    @Test("and that is asked to stop gives the build back, and the attempt does not count", arguments: Fate.allCases)
    func stops(fate: Fate) async throws {
        let (farm, proxy, worker) = try await farm()
        worker.signal(SIGTERM)
        // An answer that is there before the signal is heard is a build that runs to its end.
        try await eventually("it has heard") { worker.log.contains("asked to stop") }
        switch fate {
        case .late: proxy.release()
        // It asks again over another connection when it has waited for long enough.
        case .never: break
        case .lost: proxy.cut()
        }
        try await eventually("the worker has ended") { !worker.isRunning }
        let status = try await farm.status("d1")
        #expect(status?["state"] == "PENDING", "\(worker.log)")
        #expect(status?["attempt"] == 0)
        proxy.release()
        let second = try await farm.startWorker("--worker-name", "node-2", "--cache-directory", farm.scratch("cache-2"))
        let ended = try await farm.ended("d1")
        #expect(ended["state"] == "SUCCESS", "\(second.log)")
        #expect(ended["attempt"] == 1)
        #expect(try await story(farm) == ["queued", "claimed", "given_back", "claimed", "finished"])
    }

    @Test("and that reads its configuration anew runs the build, in its first attempt")
    func reloads() async throws {
        let (farm, proxy, worker) = try await farm()
        // Until the call fails as a whole: what it may have taken is for the next one to ask for.
        farm.redis.suspend()
        worker.signal(SIGHUP)
        try await eventually("it says so") { worker.log.contains("configuration reloaded") }
        try await eventually("the claim fails") { worker.log.contains("cannot claim") }
        farm.redis.resume()
        proxy.release()
        let ended = try await farm.ended("d1")
        #expect(ended["state"] == "SUCCESS", "\(worker.log)")
        #expect(ended["attempt"] == 1)
        #expect(try await story(farm) == ["queued", "claimed", "finished"])
    }
}
