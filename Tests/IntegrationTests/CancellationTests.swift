import BuildModel
import Documents
import TestSupport
import Testing

@Suite("A build that is cancelled while it runs")
struct CancellationTests {
    @Test("does not wait for its clone, which is broken off, and can be sent again")
    func clone() async throws {
        let farm = try await Farm(Farm.longLeases)
        let silent = try SilentServer()
        let worker = try await farm.startWorker()
        let url = "http://127.0.0.1:\(silent.port)/app"
        try await farm.add(#"{"deploymentId":"d1","projectId":"p","repositoryUrl":"\#(url)"}"#)
        try await eventually("the build clones") { try await farm.status("d1")?["phase"] == "cloning" }
        _ = try await farm.cancel("d1")
        #expect(try await farm.slipway("logs", "d1").text.contains("Cancelled on request"), "\(worker.log)")
        #expect(try await farm.slipway("retry", "d1").succeeded)
        try await eventually("the build runs again") { try await farm.status("d1")?["phase"] == "cloning" }
        silent.stop()
    }

    @Test("is told by the next renewal where the push does not get through")
    func renewal() async throws {
        let farm = try await Farm("queue:\n  leaseSeconds: 6\n  renewSeconds: 2\n")
        let (silent, proxy) = (try SilentServer(), try HoldingProxy(to: farm.redis.port))
        // What the worker waits for on a connection of its own, for at least 20 seconds.
        proxy.hold("$7\r\nSTREAMS\r\n$22\r\nslipway:{farm}:cancels\r\n")
        let worker = try await farm.startWorker("--redis-url", "redis://127.0.0.1:\(proxy.port)/0")
        let url = "http://127.0.0.1:\(silent.port)/app"
        try await farm.add(#"{"deploymentId":"d1","projectId":"p","repositoryUrl":"\#(url)"}"#)
        try await eventually("the build clones") { try await farm.status("d1")?["phase"] == "cloning" }
        try await eventually("nothing is pushed") { proxy.isHolding }
        // Soon enough that no push over another connection told of it.
        _ = try await farm.cancel("d1", within: 19_000)
        #expect(proxy.isHolding, "\(worker.log)")
        silent.stop()
    }

    @Test("does not wait for its upload, which is broken off in the middle, and moves no tag")
    func upload() async throws {
        let farm = try await Farm(Farm.longLeases)
        var random = SeededGenerator(seed: 1)
        let data = (0..<100_000).map { _ in String(random.next(), radix: 36) }.joined(separator: "\n")
        _ = try await farm.repository("app", ["index.html": "x", "data.txt": data])
        let proxy = try HoldingProxy(to: farm.registry.port)
        let worker = try await farm.startWorker("--registries-push", "127.0.0.1:\(proxy.port)/apps")
        // As docker-registry names an upload that was opened.
        proxy.hold("?_state=", freezes: true)
        try await farm.add("d1", repository: "app")
        try await eventually("it uploads") {
            guard proxy.isHolding else { return false }
            return try await farm.status("d1")?["phase"] == "pushing"
        }
        let status = try await farm.cancel("d1")
        #expect(status["image"]?.string == nil, "\(worker.log)")
        proxy.release()
        try await farm.add("d2", repository: "app")
        #expect(try await farm.ended("d2")["state"] == "SUCCESS", "\(worker.log)")
        #expect(try await farm.hasTag("d2", in: "apps/p-app"))
        #expect(try await !farm.hasTag("d1", in: "apps/p-app"))
    }

    @Test("does not wait for its rollout, and says that what was applied stays", .timeLimit(.minutes(12)))
    func rollout() async throws {
        // Nobody plays the nodes: no pod ever gets ready.
        let cluster = try await KubernetesServer.withControllers
        let namespace = try await cluster.makeNamespace()
        let settings = "kubernetes:\n  kubeconfig: \(cluster.kubeconfig)\n  namespace: \(namespace)\n"
        let farm = try await Farm(settings + Farm.longLeases)
        _ = try await farm.repository("app", ["index.html": "x"])
        let worker = try await farm.startWorker()
        try await farm.add("d1", repository: "app")
        try await eventually("it waits for its pod") {
            let pods = try await cluster.mustKubectl(["-n", namespace, "get", "pods", "-o", "name"])
            let log = try await farm.slipway("logs", "d1").text
            return !pods.isEmpty && log.contains("Applied the Deployment")
        }
        let status = try await farm.cancel("d1")
        #expect(status["digest"]?.string != nil, "\(status.prettyText) \(worker.log)")
        let log = try await farm.slipway("logs", "d1").text
        #expect(log.contains("Cancelled (cancelled)"), "\(log)")
        #expect(log.contains("What was applied to the cluster stays."), "\(log)")
        let words = ["-n", namespace, "get", "deployment", "p-app", "-o", "jsonpath={.metadata.labels.deployment}"]
        #expect(try await cluster.mustKubectl(words) == "d1")
        // The project's turn is free again.
        try await farm.add("d2", repository: "app")
        try await eventually("the next one is applied") { try await cluster.mustKubectl(words) == "d2" }
    }
}
