import BuildModel
import Glibc
import TestSupport
import Testing

@Suite("A worker that is stopped between asking for leave and applying a Deployment", .timeLimit(.minutes(12)))
struct StaleDeploymentTests {
    /// A worker that deploys to a namespace of its own, so that what it applied can be told from another's work.
    private func start(_ farm: Farm, _ name: String, _ namespace: String, redis port: Int) async throws -> ServerProcess
    {
        try await farm.startWorker(
            "--worker-name",
            name,
            "--cache-directory",
            farm.scratch("cache-\(name)"),
            "--redis-url",
            "redis://127.0.0.1:\(port)/0",
            "--kubernetes-namespace",
            namespace
        )
    }

    @Test("applies nothing when it wakes up after its lease, though Redis had said yes", arguments: [true, false])
    func stopped(sleeps: Bool) async throws {
        let cluster = try await KubernetesServer.withControllers
        let (own, other) = (try await cluster.makeNamespace(), try await cluster.makeNamespace())
        let farm = try await Farm(
            "kubernetes:\n  kubeconfig: \(cluster.kubeconfig)\nqueue:\n  leaseSeconds: 20\n  renewSeconds: 5\n"
        )
        _ = try await farm.repository("app", ["index.html": "x"])
        let proxy = try HoldingProxy(to: farm.redis.port)
        let first = try await start(farm, "node-1", own, redis: proxy.port)
        // The tag's leave comes before the phase, the Deployment's is the first one after it.
        proxy.hold("slipway_v1_confirm", after: "$9\r\ndeploying\r\n") { if sleeps { first.signal(SIGSTOP) } }
        try await farm.add("d1", repository: "app")
        try await eventually("the worker has asked for leave") { proxy.isHolding }
        #expect(try await farm.hasTag("d1", in: "apps/p-app"))
        #expect(try await objects(cluster, own).isEmpty)
        proxy.release()
        guard sleeps else {
            // Awake all the while, it applies the Deployment: the proof that the other case could fail.
            try await eventually("it is applied") { try await objects(cluster, own).contains("deployment.apps/p-app") }
            return
        }
        let second = try await start(farm, "node-2", other, redis: farm.redis.port)
        try await eventually("another worker has deployed the build: \(second.log)") {
            try await objects(cluster, other).contains("deployment.apps/p-app")
        }
        first.signal(SIGCONT)
        try await eventually("it notices that it is late") { first.log.contains("nothing more is written") }
        #expect(try await objects(cluster, own).isEmpty)
        #expect(second.isRunning)
    }

    private func objects(_ cluster: KubernetesServer, _ namespace: String) async throws -> String {
        try await cluster.mustKubectl(["-n", namespace, "get", "deployments,services,ingresses", "-o", "name"])
    }
}
