import BuildModel
import Platform
import RedisTransport
import TestSupport
import Testing

@testable import BuildQueue

@Suite("A lease")
struct LeaseTests {
    @Test("is given to one of many workers, whatever happens at once")
    func oneWorkerEach() async throws {
        let farm = try await Farm()
        for number in 0..<40 { try await farm.add(Farm.request("d\(number)")) }
        let ids = try await withThrowingTaskGroup(of: [String].self) { group in
            for number in 0..<8 {
                let worker = try farm.worker("w\(number)")
                group.addTask {
                    var ids: [String] = []
                    while let lease = try await worker.claim() { ids.append(lease.id) }
                    return ids
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(ids.count == 40)
        #expect(Set(ids).count == 40)
    }

    @Test("has an epoch that only grows, also when an id is used again")
    func epochs() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        var last: Int64 = 0
        for _ in 0..<3 {
            let lease = try await farm.claimed("d1", by: worker)
            #expect(lease.epoch > last)
            last = lease.epoch
            try await worker.finish(lease, .succeeded(BuildResult()))
            try await farm.server.cli("DEL", "slipway:{farm}:build:d1")
        }
    }

    @Test("is kept by renewing")
    func renewal() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let start = SystemInformation.bootNanoseconds
        let lease = try await farm.claimed("d1", by: worker)
        #expect(lease.expiresAt > start + 20_000_000_000)
        let score = {
            try await farm.redis.send(["ZSCORE", "slipway:{farm}:leases", "d1"]).text.flatMap { Double($0) }
        }
        let before = try #require(try await score())
        var renewed = lease
        try await eventually("the lease ends later than before") {
            renewed = try await worker.renew(renewed)
            return try await score() ?? 0 > before
        }
        #expect(renewed.expiresAt > lease.expiresAt)
    }

    @Test("of an older epoch is refused everywhere and changes nothing")
    func staleEpoch() async throws {
        let farm = try await Farm()
        let (first, second) = (try farm.worker("w1"), try farm.worker("w2"))
        let stale = try await farm.claimed("d1", by: first)
        try await first.giveBack(stale)
        let held = try #require(try await second.claim())
        #expect(held.epoch > stale.epoch)
        let before = try await farm.server.cli("HGETALL", "slipway:{farm}:build:d1")
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await first.renew(stale) },
            { try await first.confirm(stale) },
            { try await first.setPhase(stale, .pushing) },
            { try await first.appendLog(stale, from: 1, lines("from the past")) },
            { try await first.giveBack(stale) },
            { try await first.finish(stale, .succeeded(BuildResult())) },
        ]
        for call in calls {
            let failure = await #expect(throws: BuildFailure.self) { try await call() }
            #expect(failure?.code == .leaseLost)
            #expect(failure?.isRetryable == false)
            #expect(failure?.message.contains("epoch \(held.epoch) of w2") == true)
        }
        #expect(try await farm.server.cli("HGETALL", "slipway:{farm}:build:d1") == before)
        #expect(try await farm.texts("d1").isEmpty)
        try await second.confirm(held)
    }

    @Test("that is given back goes to the front again and costs no attempt")
    func givenBack() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        for id in ["d1", "d2"] { try await farm.add(Farm.request(id)) }
        let lease = try #require(try await worker.claim())
        try await worker.setPhase(lease, .cloning)
        try await worker.giveBack(lease)
        try await worker.giveBack(lease)
        let status = try await farm.status("d1")
        #expect(status.state == .pending)
        #expect(status.attempt == 0)
        #expect(status.worker == nil)
        #expect(status.phase == nil)
        let again = try #require(try await worker.claim())
        #expect(again.id == "d1")
        #expect(again.attempt == 1)
    }

    @Test("is the same when a claim whose reply was lost is repeated")
    func repeatedClaim() async throws {
        let farm = try await Farm()
        try await farm.add(Farm.request("d1"))
        try await farm.add(Farm.request("d2"))
        let caller = try farm.worker().caller
        let words: [RedisArgument] = ["w1", "token", 30_000, 60_000]
        let (first, second) = (try await caller.call("claim", words), try await caller.call("claim", words))
        #expect(first[1]?.text == "d1")
        #expect(second[1]?.text == "d1")
        #expect(first[2] == second[2])
        #expect(try await farm.worker().claim()?.id == "d2")
    }

    @Test("that a call took whose reply never came is had by the worker's next call, for what is left of it")
    func lostClaim() async throws {
        let farm = try await Farm()
        try await farm.add(Farm.request("d1"))
        let worker = try farm.worker()
        if let first = try await worker.claim() { try await worker.giveBack(first) }
        worker.tokens.keep("token")
        let words: [RedisArgument] = ["w1", "token", 30_000, 60_000]
        #expect(try await worker.caller.call("claim", words)[1]?.text == "d1")
        let lease = try #require(try await worker.claim())
        #expect(lease.id == "d1")
        #expect(lease.attempt == 1)
        try await worker.confirm(lease)
        // A call that fails keeps its token for the next.
        farm.server.suspend()
        await #expect(throws: BuildFailure.self) {
            try await withDeadline(.milliseconds(300), failure: .timedOut(operation: "test", message: "Late.")) {
                try await worker.claim()
            }
        }
        farm.server.resume()
        // Also when the settings were changed meanwhile.
        let changed = worker.changed(to: QueueSettings(farm: "other", worker: "other", lease: .seconds(60)))
        #expect(changed.hasLostClaims)
        #expect(changed.settings == QueueSettings(worker: "w1", lease: .seconds(60)))
        #expect(changed.tokens.take() != nil)
        #expect(!worker.hasLostClaims)
    }

    @Test("that a call took whose reply never came is had back without taking another build")
    func lostClaimAlone() async throws {
        let farm = try await Farm()
        try await farm.add(Farm.request("d1"))
        let worker = try farm.worker()
        // A call that never reached the server took nothing.
        worker.tokens.keep("none")
        #expect(try await worker.claimLost() == nil)
        #expect(!worker.hasLostClaims)
        #expect(try await farm.status("d1").state == .pending)
        worker.tokens.keep("token")
        _ = try await worker.caller.call("claim", ["w1", "token", 30_000, 60_000])
        try await farm.add(Farm.request("d2"))
        #expect(try await worker.claimLost()?.id == "d1")
        #expect(try await worker.claimLost() == nil)
        #expect(try await farm.status("d2").state == .pending)
    }

    @Test("that was over before its worker knew of it is renewed, if nobody has taken the build")
    func lateClaim() async throws {
        let farm = try await Farm()
        try await farm.add(Farm.request("d1"))
        let worker = try farm.worker()
        worker.tokens.keep("token")
        let end = try await worker.caller.call("claim", ["w1", "token", 500, 60_000])[4]?.integer ?? .max
        try await eventually("the lease is over") {
            let now = try await farm.server.cli("TIME").compactMap { Int64($0) }
            return now[0] * 1000 + now[1] / 1000 > end
        }
        let start = SystemInformation.bootNanoseconds
        let lease = try #require(try await worker.claim())
        #expect(lease.id == "d1")
        #expect(lease.attempt == 1)
        #expect(lease.expiresAt > start + 10_000_000_000)
        try await worker.confirm(lease)
    }

    @Test("of a build that nobody knows is lost")
    func unknown() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        try await farm.server.cli("DEL", "slipway:{farm}:build:d1")
        let failure = await #expect(throws: BuildFailure.self) { try await worker.confirm(lease) }
        #expect(failure?.code == .leaseLost)
    }

    @Test("refuses a worker whose name cannot be a word of the contract")
    func workerName() async throws {
        let farm = try await Farm()
        await #expect(throws: BuildFailure.self) { try await farm.worker("a b").claim() }
        #expect(throws: BuildFailure.self) { try BuildQueueClient(farm.redis, farm: "a}b") }
    }
}
