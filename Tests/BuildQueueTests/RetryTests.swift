import BuildModel
import RedisTransport
import TestSupport
import Testing

@testable import BuildQueue

@Suite("Another attempt")
struct RetryTests {
    private static let passing = BuildFailure(
        .platform,
        .unreachable,
        operation: "test",
        message: "It was away.",
        isRetryable: true
    )

    private func claim(_ worker: WorkerQueue) async throws -> Lease {
        try await eventually("the next attempt begins") { try await worker.claim() }
    }

    @Test("follows a failure that may pass, each after twice the time, until none is left")
    func backoff() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        try await farm.add(Farm.request("d1", #","attempts":3,"backoff":{"delay":40}"#))
        for attempt in 1...3 {
            let lease = try await claim(worker)
            #expect(lease.attempt == attempt)
            let receipt = try await worker.finish(lease, .failed(Self.passing))
            guard attempt < 3 else {
                #expect(receipt == .ended)
                break
            }
            let told = try #require(try await farm.client.events(of: "d1").last)
            #expect(told.type == "retrying")
            #expect(told.state == "PENDING")
            #expect(told.code == "unreachable")
            #expect(receipt == .retrying(at: told.time + 20 << attempt))
            #expect(try await farm.status("d1").notBefore == told.time + 20 << attempt)
            // The call's reply may be lost, and then it comes again.
            #expect(try await worker.finish(lease, .failed(Self.passing)) == receipt)
        }
        let status = try await farm.status("d1")
        #expect(status.state == .failed)
        #expect(status.notBefore == nil)
        #expect(status.failure?.code == "unreachable")
        #expect(try await farm.client.deadBuilds(limit: 10).map(\.deploymentID) == ["d1"])
    }

    @Test("does not follow the code's own failure, and that is no dead letter")
    func final() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        let failure = BuildFailure(.code, .invalidRequest, operation: "test", message: "No.")
        #expect(try await worker.finish(lease, .failed(failure)) == .ended)
        #expect(try await farm.status("d1").state == .failed)
        #expect(try await farm.client.deadBuilds(limit: 10).isEmpty)
    }

    @Test("comes after a random part of its time where the request asks for jitter")
    func jitter() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        var waits: Set<Int64> = []
        for number in 0..<10 {
            let id = "d\(number)"
            try await farm.add(Farm.request(id, #","backoff":{"delay":80000000,"jitter":true}"#))
            let lease = try await claim(worker)
            try await worker.finish(lease, .failed(Self.passing))
            let time = try #require(try await farm.client.events(of: id).last?.time)
            let due = try #require(try await farm.status(id).notBefore)
            #expect((0...80_000_000).contains(due - time))
            waits.insert(due - time)
        }
        #expect(waits.count > 5)
    }

    @Test("does not lose its failure's words while it waits, and begins without them")
    func words() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        try await farm.add(Farm.request("d1", #","backoff":{"delay":0}"#))
        try await worker.finish(try await claim(worker), .failed(Self.passing))
        #expect(try await farm.status("d1").failure?.message.contains("It was away.") == true)
        let lease = try await claim(worker)
        #expect(try await farm.status("d1").failure == nil)
        try await worker.finish(lease, .succeeded(BuildResult()))
        #expect(try await farm.status("d1").state == .success)
    }

    @Test("waits for its time, like a delayed build, and wakes a worker when that has come")
    func delayed() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        try await farm.add(Farm.request("d1", #","delay":400"#))
        #expect(try await worker.claim() == nil)
        let start = ContinuousClock.now
        _ = try await worker.waitForWork(.seconds(300))
        let lease = try await claim(worker)
        #expect(lease.id == "d1")
        #expect(ContinuousClock.now - start < .seconds(120))
        let events = try await farm.client.events(of: "d1")
        #expect(events[1].time - events[0].time >= 400)
    }

    @Test("is made by an operator for what has failed or was cancelled, and for nothing else")
    func byHand() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        try await farm.add(Farm.request("d1", #","attempts":1"#))
        let first = try await claim(worker)
        await #expect(throws: BuildFailure.self) { try await farm.client.retry("d1") }
        try await worker.finish(first, .failed(Self.passing))
        #expect(try await farm.client.deadBuilds(limit: 10).count == 1)
        try await farm.client.retry("d1")
        #expect(try await farm.client.deadBuilds(limit: 10).isEmpty)
        #expect(try await farm.server.cli("TTL", "slipway:{farm}:build:d1") == ["-1"])
        let second = try await claim(worker)
        #expect(second.attempt == 1)
        #expect(second.epoch > first.epoch)
        try await worker.finish(second, .succeeded(BuildResult()))
        let refused = await #expect(throws: BuildFailure.self) { try await farm.client.retry("d1") }
        #expect(refused?.message.contains("SUCCESS") == true)
        let unknown = await #expect(throws: BuildFailure.self) { try await farm.client.retry("d2") }
        #expect(unknown?.code == .notFound)
    }

    @Test("made by hand is made once when the call is repeated, and takes its place as the newest of its key again")
    func repeatedByHand() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        try await farm.add(Farm.request("d1", #","attempts":1,"supersedes":"main""#))
        try await worker.finish(try await claim(worker), .failed(Self.passing))
        for _ in 0..<2 {
            let reply = try await farm.client.caller.call("retry", ["d1", "token-1"])
            #expect(reply.text == "requeued")
        }
        #expect(try await farm.client.events(of: "d1").count { $0.type == "requeued" } == 1)
        try await farm.add(Farm.request("d2", #","supersedes":"main""#))
        #expect(try await claim(worker).id == "d2")
        #expect(try await farm.status("d1").failure?.code == "superseded")
        // Sending the older one again while the newer one runs would let it come last.
        let refused = await #expect(throws: BuildFailure.self) { try await farm.client.retry("d1") }
        #expect(refused?.message.contains("d2") == true)
    }
}
