import BuildModel
import Platform
import TestSupport
import Testing

@testable import BuildQueue

@Suite("Recovery")
struct RecoveryTests {
    private static let lease = Duration.seconds(1)

    private func worker(_ farm: Farm, _ name: String, lease: Duration = Self.lease) throws -> WorkerQueue {
        try farm.worker(name) { $0.lease = lease }
    }

    /// A farm that has been looked after for longer than a lease, as farms usually have.
    private func settled(_ worker: WorkerQueue) async throws {
        let start = ContinuousClock.now
        try await eventually("the farm's quiet time is over") {
            try await worker.tend()
            return ContinuousClock.now - start > worker.settings.lease + .milliseconds(100)
        }
    }

    private func recovered(by worker: WorkerQueue) async throws -> Lease {
        try await eventually("the build starts again") {
            try await worker.tend()
            return try await worker.claim()
        }
    }

    /// Renews a lease until it is seen to hold: on a busy machine it may run out again before it can be confirmed.
    private func renewed(_ lease: Lease, by owner: WorkerQueue) async throws -> Lease {
        try await eventually("the lease is renewed, and holds") { () async throws -> Lease? in
            do {
                let renewed = try await owner.renew(lease)
                try await owner.confirm(renewed)
                return renewed
            } catch let failure as BuildFailure where failure.isRetryable {
                return nil
            }
        }
    }

    @Test("needs two looks, which together are far under five seconds", arguments: [5, 30, 3600])
    func pace(lease: Int) async throws {
        let farm = try await Farm()
        // The first look comes up to one pace after the lease's end, the second one after half a pace at the earliest.
        let pace = try worker(farm, "w", lease: .seconds(lease)).tendEvery
        #expect(pace * 3 < .seconds(5))
        #expect(pace >= .milliseconds(500))
    }

    @Test("starts a dead worker's build elsewhere when its lease is over, and not before")
    func elsewhere() async throws {
        let farm = try await Farm()
        let (dead, other) = (try worker(farm, "dead"), try worker(farm, "other"))
        try await settled(other)
        let start = ContinuousClock.now
        let lease = try await farm.claimed("d1", by: dead)
        let next = try await recovered(by: other)
        let took = ContinuousClock.now - start
        #expect(took > Self.lease - .milliseconds(100))
        #expect(next.id == "d1")
        #expect(next.epoch > lease.epoch)
        #expect(next.attempt == 2)
        // With more time for the call than a worker of so short a lease has.
        let patient = try farm.worker("dead")
        let failure = await #expect(throws: BuildFailure.self) { try await patient.renew(lease) }
        #expect(failure?.code == .leaseLost)
        let told = try await farm.client.events(of: "d1").map(\.type)
        #expect(told == ["queued", "claimed", "recovered", "claimed"])
    }

    @Test("puts a build that lost its worker three times aside, with the last lines of its log")
    func quarantine() async throws {
        let farm = try await Farm()
        let (dead, other) = (try farm.worker("dead"), try worker(farm, "other"))
        try await farm.add(Farm.request("d1", #","attempts":1"#))
        for number in 1...3 {
            let lease = try await eventually("attempt \(number) begins") {
                try await other.tend()
                return try await dead.claim()
            }
            try await dead.appendLog(lease, from: 1, lines("attempt \(number)", "about to crash"))
            try await endLease(farm)
        }
        try await eventually("the build is put aside") {
            try await other.tend()
            return try await farm.status("d1").state == .failed
        }
        let failure = try await farm.status("d1").failure
        #expect(failure?.code == "quarantined")
        #expect(failure?.fault == "platform")
        #expect(failure?.message.contains("attempt 3\nabout to crash") == true)
        #expect(try await farm.client.deadBuilds(limit: 10).map(\.deploymentID) == ["d1"])
        #expect(try await other.claim() == nil)
    }

    /// As if the lease of `d1` had been a short one, and were over.
    private func endLease(_ farm: Farm) async throws {
        try await farm.server.cli("HSET", "slipway:{farm}:build:d1", "leaseUntil", "1", "leaseLength", "1000")
        try await farm.server.cli("ZADD", "slipway:{farm}:leases", "1", "d1")
    }

    @Test("looks twice, so that an owner who comes back in between keeps its build")
    func twoStrikes() async throws {
        let farm = try await Farm()
        let (owner, other) = (try worker(farm, "owner"), try worker(farm, "other"))
        try await settled(other)
        let lease = try await farm.claimed("d1", by: owner)
        try await eventually("the first look was taken") {
            let receipt = try await other.tend()
            #expect(receipt.recovered == 0)
            return try await !farm.server.cli("HGET", "slipway:{farm}:build:d1", "suspectSince").isEmpty
        }
        // For longer, so that it does not run out again before it is confirmed.
        let patient = try farm.worker("owner")
        let renewed = try await patient.renew(lease)
        #expect(try await other.tend().recovered == 0)
        try await patient.confirm(renewed)
        #expect(try await farm.status("d1").epoch == lease.epoch)
    }

    @Test("takes all builds of a node that is gone in the same two looks")
    func many() async throws {
        let farm = try await Farm()
        let (dead, other) = (try worker(farm, "dead", lease: .milliseconds(1)), try worker(farm, "other"))
        for number in 0..<250 { try await farm.post(Farm.request("d\(number)", #","deploy":false"#)) }
        for _ in 0..<250 { _ = try await dead.claim() }
        try await eventually("all leases are over by the server's clock") {
            let last = try await farm.server.cli("ZRANGE", "slipway:{farm}:leases", "-1", "-1", "WITHSCORES").last
            let now = try await farm.server.cli("TIME").compactMap { Int64($0) }
            guard let until = last.flatMap({ Int64($0) }), now.count == 2 else { return false }
            return now[0] * 1000 + now[1] / 1000 > until
        }
        // Nobody has looked before, so each look is seen here: it takes all, or none of them.
        var receipts: [Int64] = []
        try await eventually("all builds wait again") {
            receipts.append(try await other.tend().recovered)
            return try await farm.server.cli("ZCARD", "slipway:{farm}:leases") == ["0"]
        }
        #expect(receipts.filter { $0 != 0 } == [250], "\(receipts)")
        #expect(try await farm.server.cli("HGET", "slipway:{farm}:build:d249", "deaths") == ["1"])
    }

    /// How long nobody is recovered after the server was another one, as a worker with a lease of a second finds out.
    private func quietTime(_ farm: Farm) async throws -> Int64 {
        try await farm.server.cli("HSET", "slipway:{farm}:counters", "serverRun", "other")
        try await worker(farm, "short").tend()
        let times = try await farm.server.cli("HMGET", "slipway:{farm}:counters", "quietUntil", "tendedAt")
        let numbers = times.compactMap { Int64($0) }
        return try #require(numbers.count == 2 ? numbers[0] - numbers[1] : nil)
    }

    @Test("gives owners with a long lease their time, also where a worker with a short one notices the outage")
    func longestLease() async throws {
        let farm = try await Farm()
        let long = try worker(farm, "long", lease: .seconds(3600))
        try await long.tend()
        let lease = try await farm.claimed("d1", by: long)
        #expect(try await quietTime(farm) == 3_600_000)
        // The next renewal is by other settings, as after a reload.
        _ = try await farm.worker("long") { $0.lease = .seconds(1800) }.renew(lease)
        #expect(try await quietTime(farm) == 1_800_000)
    }

    @Test("takes no longer than leases that there are, however long others were")
    func formerLease() async throws {
        let farm = try await Farm()
        let long = try worker(farm, "long", lease: .seconds(3600))
        try await long.tend()
        try await long.finish(try await farm.claimed("d1", by: long), .succeeded(BuildResult()))
        #expect(try await quietTime(farm) == 1000)
        #expect(try await farm.server.cli("HEXISTS", "slipway:{farm}:build:d1", "leaseLength") == ["0"])
    }

    @Test("gives owners a full lease to renew after the server was away", arguments: ["killed", "suspended"])
    func outage(how: String) async throws {
        let farm = try await Farm()
        let lease = Duration.seconds(8)
        let (owner, other) = (try worker(farm, "owner", lease: lease), try worker(farm, "other", lease: lease))
        try await settled(other)
        let held = try await farm.claimed("d1", by: owner)
        if how == "killed" { try await farm.server.kill() } else { farm.server.suspend() }
        try await eventually("the lease is over") { SystemInformation.bootNanoseconds > held.expiresAt }
        if how == "killed" { try await farm.server.start() } else { farm.server.resume() }
        let back = ContinuousClock.now
        try await eventually("most of a lease has passed") {
            let receipt = try await other.tend()
            #expect(receipt.recovered == 0)
            return ContinuousClock.now - back > lease / 4 * 3
        }
        _ = try await renewed(held, by: owner)
        // An owner that does not come back loses the build in the end.
        #expect(try await recovered(by: other).epoch > held.epoch)
    }

    @Test("of a lease that ran out is not needed for its owner to be refused: only renewing is left to it")
    func ranOut() async throws {
        let farm = try await Farm()
        let owner = try worker(farm, "owner", lease: .milliseconds(50))
        let lease = try await farm.claimed("d1", by: owner)
        try await eventually("the lease is over by the server's clock") {
            let until = try await farm.server.cli("ZSCORE", "slipway:{farm}:leases", "d1").first.flatMap { Int64($0) }
            let now = try await farm.server.cli("TIME").compactMap { Int64($0) }
            guard let until, now.count == 2 else { return false }
            return now[0] * 1000 + now[1] / 1000 > until + 5
        }
        let before = try await farm.server.cli("HGETALL", "slipway:{farm}:build:d1")
        // Its own calls have a quarter of its lease, which a busy machine may take for one.
        let patient = try farm.worker("owner")
        let calls: [@Sendable () async throws -> Void] = [
            { try await patient.confirm(lease) },
            { try await patient.setPhase(lease, .pushing) },
            { try await patient.appendLog(lease, from: 1, lines("from the past")) },
            { try await patient.giveBack(lease) },
            { try await patient.finish(lease, .succeeded(BuildResult())) },
        ]
        for call in calls {
            let failure = await #expect(throws: BuildFailure.self) { try await call() }
            #expect(failure?.code == .leaseOver)
            #expect(failure?.isRetryable == true)
        }
        #expect(try await farm.server.cli("HGETALL", "slipway:{farm}:build:d1") == before)
        try await patient.confirm(try await patient.renew(lease))
    }

    @Test("ends a cancelled build whose worker died as CANCELLED")
    func cancelled() async throws {
        let farm = try await Farm()
        let (dead, other) = (try worker(farm, "dead"), try worker(farm, "other"))
        _ = try await farm.claimed("d1", by: dead)
        #expect(try await farm.client.cancel("d1") == .building)
        try await eventually("the build has ended") {
            try await other.tend()
            return try await farm.status("d1").state == .cancelled
        }
        #expect(try await farm.status("d1").failure?.code == "cancelled")
        #expect(try await other.claim() == nil)
    }
}
