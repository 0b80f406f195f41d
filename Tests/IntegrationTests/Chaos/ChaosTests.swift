import BuildModel
import Documents
import Platform
import TestSupport
import Testing

/// Real workers build real repositories into a real registry while they and Redis are killed, paused, cut off and failed over,
/// and a node's disk fills up; then every build's history is checked, and every tag that was written against it.
/// CHAOS_SECONDS says for how long, CHAOS_SEED repeats a run.
@Suite("Chaos")
struct ChaosTests {
    private static let repositories = 4
    private static let projects = 24

    private static func number(_ name: String) -> UInt64? { SystemInformation.environment(name).flatMap { UInt64($0) } }

    @Test("ends every accepted build exactly once, and nothing is done by a lease that was lost")
    func chaos() async throws {
        let seconds = Self.number("CHAOS_SECONDS") ?? 110
        let seed = Self.number("CHAOS_SEED") ?? UInt64.random(in: 0 ... .max)
        print("chaos: seed \(seed), \(seconds) s")
        let sentinels = try await RedisSentinels(options: [
            "--min-replicas-to-write", "1", "--min-replicas-max-lag", "2", "--repl-timeout", "10",
        ])
        let farm = try await Farm("queue:\n  leaseSeconds: 6\n  renewSeconds: 2\n", sentinels: sentinels)
        for number in 0..<Self.repositories {
            _ = try await farm.repository("app-\(number)", ["index.html": "page \(number)"])
        }
        let pool = WorkerPool(farm, count: 8)
        defer { pool.stop() }
        try await pool.fill()
        let deadline = ContinuousClock.now + .seconds(Int64(seconds))
        async let accepted = produce(farm, until: deadline)
        var nemesis = Nemesis(seed: seed, pool: pool, sentinels: sentinels)
        try await nemesis.rage(until: deadline)
        let ids = try await accepted
        try await waitForEnds(farm, pool, ids)
        let report = try await ChaosReport.read(ids, farm, nemesis.counts, failovers: nemesis.failovers)
        print(report.text)
        #expect(report.violations == [])
        #expect(report.states.keys.filter { $0 != "SUCCESS" && $0 != "FAILED" } == [])
        #expect(report.states["SUCCESS"] ?? 0 > ids.count / 2)
        for id in ids { try await checkImage(farm, id) }
    }

    /// Adds builds one after another, each until Redis and a replica have it; returns their ids.
    private func produce(_ farm: Farm, until deadline: ContinuousClock.Instant) async throws -> [String] {
        var ids: [String] = []
        while ContinuousClock.now < deadline {
            let number = ids.count
            let more = #","organizationId":"t-\#(number % 3)","attempts":20,"backoff":{"delay":100}"#
            let url = farm.git.url("app-\(number % Self.repositories)")
            let ends = #""repositoryUrl":"\#(url)"\#(more)}"#
            let request = #"{"deploymentId":"c-\#(number)","projectId":"p-\#(number % Self.projects)",\#(ends)"#
            try await eventually("build \(number) is accepted", within: .seconds(90)) {
                // Where Redis is away, or cannot say so, a repeat is harmless whether or not this one arrived.
                (try? await accept(request, farm)) ?? false
            }
            ids.append("c-\(number)")
            try await Task.sleep(for: .milliseconds(300))
        }
        return ids
    }

    /// Whether the primary took the request in, and a replica after it: one connection, for `WAIT` is about its own writes.
    private func accept(_ request: String, _ farm: Farm) async throws -> Bool {
        let commands = "XADD slipway:{farm}:intake * request '\(request)'\nWAIT 1 2000\n"
        let words = ["redis-cli", "-p", String(try await farm.primary().port)]
        let lines = try await Command.output(words, input: Array(commands.utf8)).lines
        return lines.count == 2 && lines[0].contains("-") && !lines[0].hasPrefix("(error)") && lines[1] == "1"
    }

    private func waitForEnds(_ farm: Farm, _ pool: WorkerPool, _ ids: [String]) async throws {
        try await eventually("all \(ids.count) builds have ended", within: .seconds(300)) {
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
