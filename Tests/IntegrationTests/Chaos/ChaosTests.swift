import BuildModel
import Documents
import Platform
import TestSupport
import Testing

/// Real workers build real repositories into a real registry, and deploy some of them to a real API server, while they and Redis are
/// killed, paused, cut off and failed over, and a node's disk fills up; then every build's history is checked, and against it and the
/// leases every tag and Deployment that was written, every status and every log, and the order in which builds began.
/// CHAOS_SECONDS says for how long, CHAOS_SEED repeats a run.
@Suite("Chaos")
struct ChaosTests {
    private static let repositories = 4
    private static let projects = 24
    private static let leaseSeconds = 6
    /// Each so many builds one is cancelled, while it waits, runs or has ended already.
    private static let cancelEvery = 10

    private static func number(_ name: String) -> UInt64? { SystemInformation.environment(name).flatMap { UInt64($0) } }

    @Test("ends every accepted build exactly once, and nothing is done by a lease that was lost")
    func chaos() async throws {
        let seconds = Self.number("CHAOS_SECONDS") ?? 110
        let seed = Self.number("CHAOS_SEED") ?? UInt64.random(in: 0 ... .max)
        print("chaos: seed \(seed), \(seconds) s")
        let sentinels = try await RedisSentinels(options: [
            "--min-replicas-to-write", "1", "--min-replicas-max-lag", "2", "--repl-timeout", "10",
        ])
        let cluster = try await KubernetesServer.withControllers
        let namespace = try await cluster.makeNamespace()
        let farm = try await Farm(
            """
            queue:
              leaseSeconds: \(Self.leaseSeconds)
              renewSeconds: 2
            kubernetes:
              kubeconfig: \(cluster.kubeconfig)
              namespace: \(namespace)
            """,
            sentinels: sentinels
        )
        let nodes = try await ServerProcess(
            ["\(Checkout.root)/scripts/kubernetes-nodes", cluster.kubeconfig, namespace],
            log: farm.scratch("nodes.log")
        )
        defer { nodes.stop() }
        for number in 0..<Self.repositories {
            _ = try await farm.repository("app-\(number)", ["index.html": "page \(number)"])
        }
        let pool = WorkerPool(farm, count: 8)
        defer { pool.stop() }
        try await pool.fill()
        let watch = try FarmWatch(sentinels.url, lease: Int64(Self.leaseSeconds) * 1000)
        let watching = Task { await watch.run() }
        defer { watching.cancel() }
        let deadline = ContinuousClock.now + .seconds(Int64(seconds))
        async let accepted = produce(farm, until: deadline)
        var nemesis = Nemesis(seed: seed, pool: pool, sentinels: sentinels)
        try await nemesis.rage(until: deadline)
        let ids = try await accepted
        try await waitForEnds(farm, pool, ids)
        try await watch.look()
        let effects = try farm.registry.tagWrites.map { Effect($0) } + Effect.deployments(cluster, in: namespace)
        let asked = ids.enumerated().map { (id: $1, turn: Turn($0)) }
        let report = try await ChaosReport.read(asked, farm, watch, effects, nemesis)
        print(report.text)
        #expect(report.violations == [])
        #expect(report.states.keys.filter { !["SUCCESS", "FAILED", "CANCELLED"].contains($0) } == [])
        #expect((report.states["CANCELLED"] ?? 0) - report.order.superseded <= ids.count / Self.cancelEvery + 1)
        #expect((report.states["SUCCESS"] ?? 0) + (report.states["CANCELLED"] ?? 0) > ids.count * 9 / 10)
        // A checker that sees nothing finds nothing.
        #expect(report.count(.tag) > ids.count / 2)
        #expect(report.count(.deployment) > 0)
        #expect(report.count(.log) > 0)
        #expect(report.order.superseded > 0)
        for id in ids { try await checkImage(farm, id) }
    }

    /// Adds builds one after another, each until Redis and a replica have it; returns their ids.
    private func produce(_ farm: Farm, until deadline: ContinuousClock.Instant) async throws -> [String] {
        var ids: [String] = []
        while ContinuousClock.now < deadline {
            let number = ids.count
            let request = Self.request(number, farm.git.url("app-\(number % Self.repositories)"))
            try await eventually("build \(number) is accepted", within: .seconds(240)) {
                // Where Redis is away, or cannot say so, a repeat is harmless whether or not this one arrived.
                (try? await accept(request, farm)) ?? false
            }
            ids.append("c-\(number)")
            if number % Self.cancelEvery == 2 {
                // Where Redis is away it is not cancelled.
                let words = ["FCALL", "slipway_v1_cancel", "1", "slipway:{farm}:intake", "c-\(number - 2)"]
                _ = try? await Command.output(["redis-cli", "-e", "-p", String(farm.primary().port)] + words)
            }
            try await Task.sleep(for: .milliseconds(300))
        }
        return ids
    }

    private static func request(_ number: Int, _ url: String) -> String {
        let names = #""deploymentId":"c-\#(number)","projectId":"p-\#(number % projects)""#
        let more = #""attempts":20,"backoff":{"delay":100}"#
        return #"{\#(names),"repositoryUrl":"\#(url)",\#(Turn(number).members),\#(more)}"#
    }

    /// Whether the primary took the request in, and a replica after it: one connection, for `WAIT` is about its own writes.
    private func accept(_ request: String, _ farm: Farm) async throws -> Bool {
        let commands = "XADD slipway:{farm}:intake * request '\(request)'\nWAIT 1 2000\n"
        let words = ["redis-cli", "-p", String(try await farm.primary().port)]
        let lines = try await Command.output(words, input: Array(commands.utf8)).lines
        return lines.count == 2 && lines[0].contains("-") && !lines[0].hasPrefix("(error)") && lines[1] == "1"
    }

    private func waitForEnds(_ farm: Farm, _ pool: WorkerPool, _ ids: [String]) async throws {
        try await eventually("all \(ids.count) builds have ended", within: .seconds(600)) {
            // Workers that began while Redis was away have ended by themselves.
            try await pool.fill()
            let ended = try? await farm.primary().cli("ZCARD", "slipway:{farm}:expiring")
            return ended == ["\(ids.count)"]
        }
    }

    /// The tag of a build that succeeded leads to the image that its status names; failures are never the code's.
    private func checkImage(_ farm: Farm, _ id: String) async throws {
        let key = "slipway:{farm}:build:\(id)"
        let facts = try await farm.primary().cli(
            "HMGET",
            key,
            "state",
            "digest",
            "projectId",
            "failureFault",
            "failureMessage"
        )
        guard facts.first == "SUCCESS" else {
            #expect(facts.count > 1 && !facts.contains("code"), "\(id): \(facts)")
            return
        }
        let url = "http://\(farm.registry.host)/v2/apps/\(facts[2])/manifests/\(id)"
        let head = try await Command.output(
            ["curl", "-sfI", "-H", "Accept: application/vnd.oci.image.manifest.v1+json", url]
        )
        #expect(head.text.contains(facts[1]), "\(id): the tag is not the build's image")
    }
}
