import BuildModel
import Documents
import Platform
import TestSupport
import Testing

/// Real workers build real repositories into a real registry while they and Redis are killed, paused and cut off; then every
/// build's history is checked. CHAOS_SECONDS says for how long, CHAOS_SEED repeats a run.
@Suite("Chaos")
struct ChaosTests {
    private static let repositories = 4
    private static let projects = 24

    private static func number(_ name: String) -> UInt64? { SystemInformation.environment(name).flatMap { UInt64($0) } }

    @Test("ends every accepted build exactly once, and nothing is done by a lease that was lost")
    func chaos() async throws {
        let seconds = Self.number("CHAOS_SECONDS") ?? 120
        let seed = Self.number("CHAOS_SEED") ?? UInt64.random(in: 0 ... .max)
        print("chaos: seed \(seed), \(seconds) s")
        let farm = try await Farm("queue:\n  leaseSeconds: 6\n  renewSeconds: 2\n")
        for number in 0..<Self.repositories {
            _ = try await farm.repository("app-\(number)", ["index.html": "page \(number)"])
        }
        let pool = WorkerPool(farm, count: 8)
        defer { pool.stop() }
        try await pool.fill()
        let deadline = ContinuousClock.now + .seconds(Int64(seconds))
        async let accepted = produce(farm, until: deadline)
        var nemesis = Nemesis(seed: seed, pool: pool)
        try await nemesis.rage(until: deadline)
        let ids = try await accepted
        try await waitForEnds(farm, pool, ids)
        try await check(farm, ids, nemesis)
    }

    /// Adds builds one after another, each until Redis has said that it has it; returns their ids.
    private func produce(_ farm: Farm, until deadline: ContinuousClock.Instant) async throws -> [String] {
        var ids: [String] = []
        while ContinuousClock.now < deadline {
            let number = ids.count
            let more = #","organizationId":"t-\#(number % 3)","attempts":20,"backoff":{"delay":100}"#
            let url = farm.git.url("app-\(number % Self.repositories)")
            let ends = #""repositoryUrl":"\#(url)"\#(more)}"#
            let request = #"{"deploymentId":"c-\#(number)","projectId":"p-\#(number % Self.projects)",\#(ends)"#
            try await eventually("build \(number) is accepted", within: .seconds(60)) {
                do {
                    try await farm.add(request)
                    return true
                } catch {
                    // Redis is away; a repeat is harmless whether or not this one arrived.
                    return false
                }
            }
            ids.append("c-\(number)")
            try await Task.sleep(for: .milliseconds(400))
        }
        return ids
    }

    private func waitForEnds(_ farm: Farm, _ pool: WorkerPool, _ ids: [String]) async throws {
        try await eventually("all \(ids.count) builds have ended", within: .seconds(300)) {
            // Workers that began while Redis was away have ended by themselves.
            try await pool.fill()
            let ended = try await farm.redis.cli("ZCARD", "slipway:{farm}:expiring")
            return ended == ["\(ids.count)"]
        }
    }

    private func check(_ farm: Farm, _ ids: [String], _ nemesis: Nemesis) async throws {
        var histories: [History] = []
        for id in ids { histories.append(try await History.read(id, farm)) }
        let violations = histories.flatMap(\.violations)
        let epochs = histories.flatMap(\.epochs)
        let states = histories.map { $0.events.last?.state ?? "nothing" }
        let totals = Dictionary(states.map { ($0, 1) }, uniquingKeysWith: +).sorted { $0.key < $1.key }
        let harm = nemesis.counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        print(
            "chaos: \(ids.count) accepted, \(totals.map { "\($0.value) \($0.key)" }.joined(separator: ", ")); \(harm)"
        )
        print("chaos: \(epochs.count) attempts, \(violations.count) violations")
        #expect(violations == [])
        #expect(Set(epochs).count == epochs.count, "an epoch was given twice")
        #expect(totals.map(\.key).filter { $0 != "SUCCESS" && $0 != "FAILED" } == [])
        #expect(states.contains("SUCCESS"))
        for id in ids { try await checkImage(farm, id) }
    }

    /// The tag of a build that succeeded leads to the image that its status names; failures are never the code's.
    private func checkImage(_ farm: Farm, _ id: String) async throws {
        let key = "slipway:{farm}:build:\(id)"
        let facts = try await farm.redis.cli(
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
