import BuildModel
import Glibc
import Platform
import TestSupport
import Testing

@Suite("A worker that is asked to stop")
struct WorkerStopTests {
    /// A git server that accepts and never answers keeps a build running for as long as a test needs.
    private func busyFarm(_ more: String = "") async throws -> (Farm, ServerProcess, SilentServer) {
        let farm = try await Farm(more)
        let silent = try SilentServer()
        let worker = try await farm.startWorker()
        try await farm.add(
            #"{"deploymentId":"slow","projectId":"p","attempts":1,"repositoryUrl":"http://127.0.0.1:\#(silent.port)/app"}"#
        )
        try await eventually("the build runs") { try await farm.status("slow")?["state"] == "BUILDING" }
        return (farm, worker, silent)
    }

    @Test("takes nothing new, finishes what runs, and ends")
    func drain() async throws {
        let (farm, worker, silent) = try await busyFarm()
        _ = try await farm.repository("app", ["index.html": "x"])
        worker.signal(SIGTERM)
        try await eventually("the worker drains") { worker.log.contains("taking nothing new") }
        try await farm.add("later", repository: "app")
        #expect(worker.isRunning)
        silent.stop()
        try await eventually("the worker has ended") { !worker.isRunning }
        #expect(try await farm.status("slow")?["state"] == "FAILED")
        #expect(try await farm.status("later")?["state"] == "PENDING")
    }

    @Test("a second time gives what runs back to the queue, and another worker builds it")
    func giveBack() async throws {
        let (farm, worker, silent) = try await busyFarm()
        worker.signal(SIGTERM)
        try await eventually("the worker drains") { worker.log.contains("taking nothing new") }
        worker.signal(SIGTERM)
        try await eventually("the worker has ended") { !worker.isRunning }
        #expect(try await farm.status("slow")?["state"] == "PENDING")
        let second = try await farm.startWorker()
        try await eventually("another worker has it") { try await farm.status("slow")?["state"] == "BUILDING" }
        silent.stop()
        #expect(try await farm.ended("slow")["state"] == "FAILED", "\(second.log)")
        #expect(try await farm.slipway("logs", "slow").text.contains("goes back to the queue"))
    }

    @Test("once gives what still runs back when the time to finish is over, and the attempt does not count")
    func late() async throws {
        let (farm, worker, silent) = try await busyFarm("build:\n  drainSeconds: 1\n")
        worker.signal(SIGTERM)
        try await eventually("the worker has ended") { !worker.isRunning }
        #expect(worker.log.contains("the time to finish is over"))
        let status = try await farm.status("slow")
        #expect(status?["state"] == "PENDING")
        #expect(status?["attempt"] == 0)
        silent.stop()
    }

    @Test("a third time ends at once, and the build is recovered like that of any lost worker")
    func leave() async throws {
        let (farm, worker, silent) = try await busyFarm()
        // With Redis stopped the build cannot be given back, so that the second signal alone does not end the worker.
        farm.redis.suspend()
        worker.signal(SIGTERM)
        try await eventually("the worker drains") { worker.log.contains("taking nothing new") }
        worker.signal(SIGTERM)
        try await eventually("the worker gives up") { worker.log.contains("giving back what runs") }
        #expect(worker.isRunning)
        worker.signal(SIGTERM)
        // Without the third signal it would try to give the build back for a lease, which is thirty seconds.
        try await eventually("the worker has ended", within: .seconds(25)) { !worker.isRunning }
        #expect(worker.log.contains("a third time"))
        farm.redis.resume()
        #expect(try await farm.status("slow")?["state"] == "BUILDING")
        silent.stop()
    }
}
