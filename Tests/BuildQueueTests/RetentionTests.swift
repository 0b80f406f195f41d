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

    @Test("bounds the logs of all builds that have ended together: the first to end lose theirs, and say so")
    func farmLogs() async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.farmLogBytes = 40_000 }
        let text = String(repeating: "x", count: 1000)
        for number in 1...6 {
            let id = "d\(number)"
            _ = try await farm.client.enqueue(Farm.request(id, #","deploy":false"#))
            let lease = try #require(try await worker.claim())
            let log = (0..<10).map { _ in LogLine(stream: .stdout, phase: nil, text: text, time: 1) }
            try await worker.appendLog(lease, from: 1, log)
            try await worker.finish(lease, .succeeded(BuildResult()))
            // Ends are told apart by their seconds.
            let score = try await farm.server.cli("ZSCORE", "slipway:{farm}:logs", id).first.flatMap { Int64($0) }
            let earlier = try #require(score) - Int64(10 - number) * 2_097_152
            try await farm.server.cli("ZADD", "slipway:{farm}:logs", String(earlier), id)
        }
        try await worker.tend()
        #expect(try await farm.server.cli("ZRANGE", "slipway:{farm}:logs", "0", "-1") == ["d4", "d5", "d6"])
        for id in ["d1", "d2", "d3"] {
            let left = try await farm.texts(id, follow: true)
            #expect(left.count == 1 && left[0].contains("was removed"), "\(left)")
            #expect(try await farm.server.cli("TTL", "slipway:{farm}:log:\(id)") != ["-1"])
            #expect(try await farm.status(id).state == .success)
            #expect(try await farm.status(id).logLines == 11)
            #expect(try await farm.server.cli("HGET", "slipway:{farm}:build:\(id)", "logRemoved") == ["10"])
        }
        #expect(try await farm.texts("d4").count == 10)
        #expect(try await farm.server.cli("HGET", "slipway:{farm}:counters", "logKilobytes") == ["33"])
        // What is forgotten, or gone by itself, no longer counts.
        try await farm.server.cli("DEL", "slipway:{farm}:build:d4")
        try await farm.server.cli("ZADD", "slipway:{farm}:expiring", "1", "d4")
        var forgetful = worker.settings
        forgetful.limits = [.success: StateLimit(count: 1)]
        try await WorkerQueue(farm.redis, settings: forgetful).tend()
        #expect(try await farm.server.cli("ZRANGE", "slipway:{farm}:logs", "0", "-1") == ["d6"])
        #expect(try await farm.server.cli("HGET", "slipway:{farm}:counters", "logKilobytes") == ["11"])
    }

    @Test("goes on with a log that was removed when its build is sent again")
    func removedLog() async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.farmLogBytes = 1 }
        try await end(farm, worker, "f1", Self.failed)
        try await worker.tend()
        try await farm.client.retry("f1")
        let lease = try #require(try await worker.claim())
        try await worker.appendLog(lease, from: 1, lines("c", "d"))
        let texts = try await farm.texts("f1")
        #expect(texts.count == 3 && texts[0].contains("was removed") && texts.suffix(2) == ["c", "d"])
        #expect(try await farm.server.cli("TTL", "slipway:{farm}:log:f1") == ["-1"])
        // Two of the first attempt and two of this one: the line that tells of it is nobody's.
        try await worker.finish(lease, Self.failed)
        try await worker.tend()
        #expect(try await farm.server.cli("HGET", "slipway:{farm}:build:f1", "logRemoved") == ["4"])
    }

    @Test("is freed beside what others ask for, also where a log is removed")
    func freed() async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.farmLogBytes = 1 }
        _ = try await farm.client.enqueue(Farm.request("d1", #","deploy":false"#))
        let lease = try #require(try await worker.claim())
        let text = String(repeating: "x", count: 100)
        let log = (0..<20_000).map { _ in LogLine(stream: .stdout, phase: nil, text: text, time: 1) }
        try await worker.appendLog(lease, from: 1, log)
        try await worker.finish(lease, .succeeded(BuildResult()))
        try await worker.tend()
        let freed = try await eventually("the log was freed by a thread of its own") {
            try await farm.server.cli("INFO", "memory").first { $0.hasPrefix("lazyfreed_objects:") }
                .flatMap { Int($0.dropFirst("lazyfreed_objects:".count)) }.flatMap { $0 > 0 ? $0 : nil }
        }
        #expect(freed > 0)
    }

    @Test("has nothing of a former build in what is noted of a new one with its id")
    func usedAgain() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        try await end(farm, worker, "f1", Self.failed)
        #expect(try await farm.client.deadBuilds(limit: 10).map(\.deploymentID) == ["f1"])
        // Its retention passes.
        try await farm.server.cli("DEL", "slipway:{farm}:build:f1")
        _ = try await farm.client.enqueue(Farm.request("f1"))
        #expect(try await worker.claim()?.id == "f1")
        for key in ["buried", "finished:FAILED", "expiring", "logs"] {
            #expect(try await farm.server.cli("ZCARD", "slipway:{farm}:\(key)") == ["0"], "\(key)")
        }
        #expect(try await farm.server.cli("HGET", "slipway:{farm}:counters", "logKilobytes") == ["0"])
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
