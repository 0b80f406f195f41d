import BuildModel
import RedisTransport
import TestSupport
import Testing

@testable import BuildQueue

@Suite("What stays in Redis")
struct RetentionTests {
    private func end(_ farm: Farm, _ worker: WorkerQueue, _ id: String, _ outcome: BuildOutcome) async throws {
        _ = try await farm.client.enqueue(Farm.request(id, #","deploy":false,"attempts":1"#))
        let lease = try #require(try await worker.claim())
        try await worker.appendLog(lease, from: 1, lines("a", "b"))
        try await worker.finish(lease, outcome)
    }

    private static let failed = BuildOutcome.failed(
        BuildFailure(.platform, .system, operation: "test", message: "Broken.")
    )

    @Test("is bounded by count, state by state; the oldest go first, whole")
    func count() async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.limits = [.success: StateLimit(count: 2), .failed: StateLimit(count: 1)] }
        for number in 1...4 { try await end(farm, worker, "s\(number)", .succeeded(BuildResult())) }
        for number in 1...2 { try await end(farm, worker, "f\(number)", Self.failed) }
        #expect(try await worker.tend().forgotten == 3)
        #expect(try await farm.client.list(limit: 10).map(\.deploymentID) == ["f2", "s4", "s3"])
        #expect(try await farm.client.deadBuilds(limit: 10).map(\.deploymentID) == ["f2"])
        for id in ["s1", "s2", "f1"] { #expect(try await farm.server.cli("KEYS", "*:\(id)").isEmpty, "\(id)") }
        #expect(try await worker.tend().forgotten == 0)
    }

    @Test("is bounded by age, state by state")
    func age() async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.limits = [.success: StateLimit(age: .milliseconds(50))] }
        try await end(farm, worker, "s1", .succeeded(BuildResult()))
        try await end(farm, worker, "f1", Self.failed)
        try await eventually("the success is forgotten") {
            try await worker.tend()
            return try await farm.client.list(limit: 10).map(\.deploymentID) == ["f1"]
        }
    }

    @Test("is not forgotten while it runs again")
    func retried() async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.limits = [.failed: StateLimit(count: 1)] }
        try await end(farm, worker, "f1", Self.failed)
        try await farm.client.retry("f1")
        try await end(farm, worker, "f2", Self.failed)
        try await worker.tend()
        // The one that is claimed next is the older of the two, which had its place already.
        #expect(try await farm.client.status("f1") != nil)
    }

    @Test("does not grow with names of workers that are gone")
    func workers() async throws {
        let farm = try await Farm()
        for number in 0..<50 { _ = try await farm.worker("pod-\(number)").claim() }
        #expect(try await farm.server.cli("ZCARD", "slipway:{farm}:workers") == ["50"])
        // A day passes.
        for number in 0..<49 { try await farm.server.cli("ZADD", "slipway:{farm}:workers", "1", "pod-\(number)") }
        try await farm.worker("pod-49").tend()
        #expect(try await farm.server.cli("ZCARD", "slipway:{farm}:workers") == ["1"])
        #expect(try await farm.server.cli("HLEN", "slipway:{farm}:nodes") == ["1"])
    }

    @Test("has a bounded stream of events, for the farm and for each build")
    func events() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        let phases = [BuildPhase.cloning, .detecting]
        for number in 0..<3000 { try await worker.setPhase(lease, phases[number % 2]) }
        let length = try await farm.server.cli("XLEN", "slipway:{farm}:events:d1").first.flatMap { Int($0) }
        #expect(try #require(length) < 1500)
        #expect(try #require(length) >= 1000)
    }
}
