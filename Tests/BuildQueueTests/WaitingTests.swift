import BuildModel
import TestSupport
import Testing

@testable import BuildQueue

@Suite("Waiting for work")
struct WaitingTests {
    private func waits(_ farm: Farm) async throws {
        try await eventually("a worker waits in the server") {
            try await farm.server.cli("INFO", "clients").contains { $0.hasPrefix("blocked_clients:1") }
        }
    }

    @Test("ends when a request comes to the intake")
    func intake() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        #expect(try await worker.claim() == nil)
        async let woke = worker.waitForWork(.seconds(300))
        try await waits(farm)
        try await farm.add(Farm.request("d1"))
        #expect(try await woke)
        #expect(try await worker.claim()?.id == "d1")
    }

    @Test("ends when a build is enqueued or given back")
    func doorbell() async throws {
        let farm = try await Farm()
        let (first, second) = (try farm.worker("w1"), try farm.worker("w2"))
        #expect(try await first.claim() == nil)
        async let enqueued = first.waitForWork(.seconds(300))
        try await waits(farm)
        _ = try await farm.client.enqueue(Farm.request("d1"))
        #expect(try await enqueued)
        let lease = try #require(try await first.claim())
        #expect(try await second.claim() == nil)
        async let givenBack = second.waitForWork(.seconds(300))
        try await waits(farm)
        try await first.giveBack(lease)
        #expect(try await givenBack)
        #expect(try await second.claim()?.id == "d1")
    }

    @Test("does not miss what came between a claim and the wait")
    func noLostWakeUp() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        #expect(try await worker.claim() == nil)
        _ = try await farm.client.enqueue(Farm.request("d1"))
        #expect(try await worker.waitForWork(.seconds(300)))
        _ = try await worker.claim()
        #expect(try await worker.claim() == nil)
        try await farm.add(Farm.request("d2"))
        #expect(try await worker.waitForWork(.seconds(300)))
    }

    @Test("ends in time when nothing comes, and does not ring for what was seen")
    func nothing() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        _ = try await farm.client.enqueue(Farm.request("d1"))
        #expect(try await worker.claim() != nil)
        #expect(try await worker.claim() == nil)
        #expect(try await worker.waitForWork(.milliseconds(50)) == false)
    }

    @Test("ends at once when it is cancelled")
    func cancelled() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let task = Task { try await worker.waitForWork(.seconds(300)) }
        try await waits(farm)
        task.cancel()
        let failure = await #expect(throws: BuildFailure.self) { try await task.value }
        #expect(failure?.code == .cancelled)
    }
}
