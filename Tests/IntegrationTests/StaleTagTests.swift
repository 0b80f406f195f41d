import BuildModel
import Glibc
import TestSupport
import Testing

@Suite("A worker that is stopped between asking for leave and moving a tag")
struct StaleTagTests {
    @Test("moves no tag when it wakes up after its lease, though Redis had said yes", arguments: [true, false])
    func stopped(sleeps: Bool) async throws {
        let farm = try await Farm("queue:\n  leaseSeconds: 20\n  renewSeconds: 5\n")
        _ = try await farm.repository("app", ["index.html": "x"])
        let proxy = try HoldingProxy(to: farm.redis.port)
        // It would push to a place of its own, so that its tag can be told from the other worker's.
        let first = try await farm.startWorker(
            "--redis-url",
            "redis://127.0.0.1:\(proxy.port)/0",
            "--registries-push",
            "\(farm.registry.host)/stale"
        )
        // Not before: loading the functions names them all. It is stopped on the way of its question, so that no deadline of its own
        // passes before that.
        proxy.hold("slipway_v1_confirm") { if sleeps { first.signal(SIGSTOP) } }
        try await farm.add("d1", repository: "app")
        try await eventually("the worker has asked for leave") { proxy.isHolding }
        guard sleeps else {
            // Awake all the while, it moves the tag: the proof that the other case could fail.
            proxy.release()
            #expect(try await farm.ended("d1")["state"] == "SUCCESS", "\(first.log)")
            #expect(try await farm.hasTag("d1", in: "stale/p-app"))
            return
        }
        proxy.release()
        let second = try await farm.startWorker("--worker-name", "node-2", "--cache-directory", farm.scratch("cache-2"))
        #expect(try await farm.ended("d1")["worker"] == "node-2", "\(second.log)")
        first.signal(SIGCONT)
        try await eventually("it notices that it is late") { first.log.contains("nothing more is written") }
        #expect(try await farm.hasTag("d1", in: "apps/p-app"))
        #expect(try await !farm.hasTag("d1", in: "stale/p-app"))
    }
}
