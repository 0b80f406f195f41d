import BuildModel
import Documents
import Glibc
import TestSupport
import Testing

@Suite("A worker that is lost")
struct LostWorkerTests {
    /// A farm with a build that runs on node-1, for as long as its git server is silent, and with node-2 beside it.
    private func busyFarm() async throws -> (Farm, first: ServerProcess, second: ServerProcess, SilentServer) {
        let farm = try await Farm("queue:\n  leaseSeconds: 6\n  renewSeconds: 2\n")
        let silent = try SilentServer()
        let first = try await farm.startWorker()
        try await farm.add(
            #"{"deploymentId":"slow","projectId":"p","attempts":1,"repositoryUrl":"http://127.0.0.1:\#(silent.port)/app"}"#
        )
        try await eventually("node-1 runs the build") { try await farm.status("slow")?["worker"] == "node-1" }
        let second = try await farm.startWorker("--worker-name", "node-2", "--cache-directory", farm.scratch("cache-2"))
        return (farm, first, second, silent)
    }

    /// A farm whose only worker clones the build `slow`, for as long as its git server is silent.
    private func cloningFarm(_ more: String = "") async throws -> (Farm, ServerProcess, SilentServer) {
        // A worker that a busy machine keeps from renewing for that long has lost its build, as it should.
        let farm = try await Farm("queue:\n  leaseSeconds: 15\n  renewSeconds: 5\n")
        let silent = try SilentServer()
        let worker = try await farm.startWorker()
        let url = "http://127.0.0.1:\(silent.port)/app"
        try await farm.add(#"{"deploymentId":"slow","projectId":"p","repositoryUrl":"\#(url)"\#(more)}"#)
        try await eventually("the build runs") { try await farm.status("slow")?["phase"] == "cloning" }
        return (farm, worker, silent)
    }

    /// Until when nobody is recovered, and when somebody last looked after the farm, by Redis' clock.
    private func care(_ farm: Farm) async throws -> (quiet: Int, now: Int) {
        let times = try await farm.redis.cli("HMGET", "slipway:{farm}:counters", "quietUntil", "tendedAt")
        guard times.count == 2, let quiet = Int(times[0]), let now = Int(times[1]) else { return (.max, 0) }
        return (quiet, now)
    }

    private func taken(_ farm: Farm) async throws -> JSONValue {
        try await eventually("node-2 runs the build") {
            let status = try await farm.status("slow")
            return status?["worker"] == "node-2" ? status : nil
        }
    }

    @Test("by a kill has its build started elsewhere within the lease and five seconds")
    func killed() async throws {
        let (farm, first, second, silent) = try await busyFarm()
        // The farm is quiet for a lease after its first worker came; the kill is to come after that.
        let quiet = try await eventually("the farm is looked after") {
            let (quiet, now) = try await care(farm)
            return now > quiet ? quiet : nil
        }
        let now = try await farm.redis.cli("TIME").compactMap { Int($0) }
        first.signal(SIGKILL)
        let killed = try #require(now.count == 2 ? now[0] * 1000 + now[1] / 1000 : nil)
        let status = try await taken(farm)
        let claimed = try #require(try await farm.time(of: "claimed", "slow"))
        // A machine so busy that nobody looked for half a lease makes the farm quiet again, by design: then the time counts from there.
        let again = try await care(farm).quiet
        let end = max(killed + 6000, again == quiet ? 0 : again)
        // Five seconds are the promise; a busy machine gets more.
        #expect(claimed - end < 20_000, "killed \(killed), claimed \(claimed), quiet until \(quiet), then \(again)")
        // More than one where the machine has kept a worker from renewing before.
        #expect(try #require(status["attempt"]?.integer) >= 2)
        silent.stop()
        #expect(try await farm.ended("slow")["worker"] == "node-2", "\(second.log)")
    }

    @Test("to a pause longer than its lease writes nothing when it wakes up")
    func paused() async throws {
        let (farm, first, second, silent) = try await busyFarm()
        first.signal(SIGSTOP)
        _ = try await taken(farm)
        // Its build fails the moment it wakes up, and it would have much to say about that.
        silent.stop()
        let ended = try await farm.ended("slow")
        let entries = try await farm.redis.cli("XLEN", "slipway:{farm}:log:slow")
        let events = try await farm.redis.cli("XLEN", "slipway:{farm}:events:slow")
        first.signal(SIGCONT)
        try await eventually("it notices that it is late") { first.log.contains("nothing more is written") }
        #expect(try await farm.status("slow") == ended)
        #expect(ended["worker"] == "node-2", "\(second.log)")
        #expect(try await farm.redis.cli("XLEN", "slipway:{farm}:log:slow") == entries)
        #expect(try await farm.redis.cli("XLEN", "slipway:{farm}:events:slow") == events)
        // It goes on working.
        _ = try await farm.repository("app", ["index.html": "x"])
        second.stop()
        try await farm.add("next", repository: "app")
        #expect(try await farm.ended("next")["state"] == "SUCCESS", "\(first.log)")
    }

    @Test("to a pause longer than its lease writes nothing even if nobody else is there to take the build")
    func pausedAlone() async throws {
        let (farm, worker, silent) = try await cloningFarm()
        worker.signal(SIGSTOP)
        // Measured against the lease, which the kernel's clock ends whatever the machine does.
        try await Task.sleep(for: .seconds(18))
        // Not before the stop: what was under way then has come by now.
        let said = try await lines(ofAttempt: "1", farm)
        worker.signal(SIGCONT)
        try await eventually("it notices that it was away") { worker.log.contains("nothing more is written") }
        try await eventually("the build begins again, under a lease of its own") {
            try await farm.status("slow")?["attempt"] == 2
        }
        #expect(try await lines(ofAttempt: "1", farm) == said)
        silent.stop()
    }

    private func lines(ofAttempt attempt: String, _ farm: Farm) async throws -> Int {
        try await farm.entries("slipway:{farm}:log:slow").count { $0["attempt"] == attempt }
    }

    @Test("is none that ended its build while Redis was away: the end and the log are written when it is back")
    func endedInOutage() async throws {
        let (farm, worker, silent) = try await cloningFarm(#","attempts":1"#)
        farm.redis.suspend()
        silent.stop()
        try await Task.sleep(for: .seconds(20))
        farm.redis.resume()
        let ended = try await farm.ended("slow")
        #expect(ended["state"] == "FAILED", "\(worker.log)")
        #expect(ended["attempt"] == 1)
        #expect(try await farm.time(of: "recovered", "slow") == nil)
        let log = try await farm.slipway("logs", "slow").text
        #expect(log.contains("Failed ("), "\(log)\n\(worker.log)")
    }

    @Test("is none whose lease ends early because the server's clock was put forward: it renews, and goes on")
    func clockJump() async throws {
        let (farm, worker, silent) = try await cloningFarm(#","attempts":1"#)
        // As after the jump: the lease is over, and nobody has looked after the farm for long.
        let jump = """
            redis.call('HSET', KEYS[1] .. 'build:slow', 'leaseUntil', '1')
            redis.call('ZADD', KEYS[1] .. 'leases', '1', 'slow')
            return redis.call('HSET', KEYS[1] .. 'counters', 'tendedAt', '1')
            """
        try await farm.redis.cli("EVAL", jump, "1", "slipway:{farm}:")
        silent.stop()
        let ended = try await farm.ended("slow")
        #expect(ended["state"] == "FAILED", "\(worker.log)")
        #expect(ended["attempt"] == 1)
        #expect(try await farm.time(of: "recovered", "slow") == nil)
        #expect(try await farm.slipway("logs", "slow").text.contains("Failed ("))
    }

    @Test("is none whose Redis was away for longer than its lease: the build goes on, in its first attempt")
    func outage() async throws {
        let (farm, worker, silent) = try await cloningFarm(#","attempts":1"#)
        farm.redis.suspend()
        try await Task.sleep(for: .seconds(20))
        farm.redis.resume()
        // Renewed again: the lease ends later than it could have without.
        try await eventually("its lease is renewed") {
            let now = try await farm.redis.cli("TIME").first.flatMap { Int($0) } ?? 0
            let until =
                try await farm.redis.cli("HGET", "slipway:{farm}:build:slow", "leaseUntil").first.flatMap { Int($0) }
                ?? 0
            return until > now * 1000 + 1000
        }
        let status = try #require(try await farm.status("slow"))
        #expect(status["state"] == "BUILDING", "\(worker.log)")
        #expect(status["attempt"] == 1)
        #expect(!worker.log.contains("lease lost"))
        #expect(try await farm.time(of: "recovered", "slow") == nil)
        silent.stop()
        #expect(try await farm.ended("slow")["attempt"] == 1, "\(worker.log)")
    }
}
