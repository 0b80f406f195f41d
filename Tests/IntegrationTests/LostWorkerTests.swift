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
        let farm = try await Farm("queue:\n  leaseSeconds: 6\n  renewSeconds: 2\n")
        let silent = try SilentServer()
        let worker = try await farm.startWorker()
        let url = "http://127.0.0.1:\(silent.port)/app"
        try await farm.add(#"{"deploymentId":"slow","projectId":"p","repositoryUrl":"\#(url)"\#(more)}"#)
        try await eventually("the build runs") { try await farm.status("slow")?["phase"] == "cloning" }
        return (farm, worker, silent)
    }

    private func taken(_ farm: Farm) async throws -> JSONValue {
        try await eventually("node-2 runs the build", within: .seconds(60)) {
            let status = try await farm.status("slow")
            return status?["worker"] == "node-2" ? status : nil
        }
    }

    /// When something was last told of the build, in milliseconds by Redis' clock.
    private func time(of type: String, _ farm: Farm) async throws -> Int? {
        let events = try await farm.entries("slipway:{farm}:events:slow")
        return events.last { $0["type"] == type }?["time"].flatMap { Int($0) }
    }

    @Test("by a kill has its build started elsewhere within the lease and five seconds")
    func killed() async throws {
        let (farm, first, second, silent) = try await busyFarm()
        // The farm is quiet for a lease after its first worker came; the kill is to come after that.
        try await eventually("the farm is looked after", within: .seconds(60)) {
            let times = try await farm.redis.cli("HMGET", "slipway:{farm}:counters", "quietUntil", "tendedAt")
            guard times.count == 2, let quiet = Int(times[0]), let now = Int(times[1]) else { return false }
            return now > quiet
        }
        let now = try await farm.redis.cli("TIME").compactMap { Int($0) }
        first.signal(SIGKILL)
        let killed = try #require(now.count == 2 ? now[0] * 1000 + now[1] / 1000 : nil)
        let status = try await taken(farm)
        let claimed = try #require(try await time(of: "claimed", farm))
        #expect(claimed - killed < 60_000, "the bar is the lease and 5 s; a busy machine gets more")
        #expect(status["attempt"] == 2)
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
        let said = try await lines(ofAttempt: "1", farm)
        worker.signal(SIGSTOP)
        // Measured against the lease, which the kernel's clock ends whatever the machine does.
        try await Task.sleep(for: .seconds(9))
        worker.signal(SIGCONT)
        try await eventually("it notices that it was away", within: .seconds(60)) {
            worker.log.contains("nothing more is written")
        }
        try await eventually("the build begins again, under a lease of its own", within: .seconds(60)) {
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
        try await Task.sleep(for: .seconds(9))
        farm.redis.resume()
        let ended = try await farm.ended("slow")
        #expect(ended["state"] == "FAILED", "\(worker.log)")
        #expect(ended["attempt"] == 1)
        #expect(try await time(of: "recovered", farm) == nil)
        let log = try await farm.slipway("logs", "slow").text
        #expect(log.contains("Failed ("), "\(log)\n\(worker.log)")
    }

    @Test("is none whose Redis was away for longer than its lease: the build goes on, in its first attempt")
    func outage() async throws {
        let (farm, worker, silent) = try await cloningFarm(#","attempts":1"#)
        farm.redis.suspend()
        try await Task.sleep(for: .seconds(8))
        farm.redis.resume()
        // Renewed again: the lease ends later than it could have without.
        try await eventually("its lease is renewed", within: .seconds(60)) {
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
        #expect(try await time(of: "recovered", farm) == nil)
        silent.stop()
        #expect(try await farm.ended("slow")["attempt"] == 1, "\(worker.log)")
    }

    @Test("is not what a cancelled build has to wait for: its clone is broken off within seconds")
    func cancelled() async throws {
        let farm = try await Farm()
        let silent = try SilentServer()
        let worker = try await farm.startWorker()
        try await farm.add(
            #"{"deploymentId":"slow","projectId":"p","repositoryUrl":"http://127.0.0.1:\#(silent.port)/app"}"#
        )
        try await eventually("the build runs") { try await farm.status("slow")?["phase"] == "cloning" }
        let reply = try await farm.slipway("cancel", "slow", "-o", "json")
        #expect(try JSONDocument.parse(reply.text)["stopping"] == true)
        let status = try await farm.ended("slow")
        // Less than the ten seconds to the next renewal; the push is what makes the difference.
        let told = try #require(try await time(of: "cancelling", farm))
        let stopped = try #require(try await time(of: "finished", farm))
        #expect(stopped - told < 9500)
        #expect(status["state"] == "CANCELLED", "\(worker.log)")
        #expect(status["failure"]?["code"] == "cancelled")
        #expect(try await farm.slipway("logs", "slow").text.contains("Cancelled on request"))
        #expect(try await farm.slipway("retry", "slow").succeeded)
        try await eventually("the build runs again") { try await farm.status("slow")?["phase"] == "cloning" }
        silent.stop()
    }
}
