import BuildModel
import Platform
import RedisTransport
import TestSupport
import Testing

@testable import BuildQueue

/// As docs/contract.md has them: whoever copies a line from there must get along with it.
@Suite("The documented rights", .serialized)
struct RightsTests {
    private static func contract() throws -> String {
        String(decoding: try Files.read("\(Checkout.root)/docs/contract.md"), as: UTF8.self)
    }

    /// The words of the worker's `ACL SETUSER`, after its password.
    private static func workerRights() throws -> [String] {
        let parts = try contract().split(separator: "ACL SETUSER slipway-worker on >PASSWORD ", maxSplits: 1)
        let text = try #require(parts.count == 2 ? parts[1] : nil).split(separator: "\n\n", maxSplits: 1).first
        return text?.split(whereSeparator: \.isWhitespace).map(String.init) ?? []
    }

    private func grant(_ rights: [String], to user: String, on server: RedisServer) async throws {
        let words = ["redis-cli", "-e", "-p", String(server.port), "ACL", "SETUSER", user, "on", ">p"]
        try await Command.output(words + rights)
    }

    /// What a worker does, from its start to a build's end.
    private func live(_ location: RedisLocation) async throws {
        var location = location
        (location.endpoint.user, location.endpoint.password) = ("slipway-worker", Redacted("p"))
        let redis = RedisClient(location, name: "test", key: Farm.intake)
        let worker = try WorkerQueue(redis, settings: QueueSettings(worker: "w1"))
        let findings = try await worker.prepare().findings
        #expect(findings.first { $0.name == "redis.permissions" }?.status == .ok, "\(findings)")
        let client = try BuildQueueClient(redis, farm: "farm")
        _ = try await client.enqueue(Farm.request("d1"))
        let lease = try #require(try await worker.claim())
        _ = try await worker.renew(lease)
        try await worker.confirm(lease)
        try await worker.appendLog(lease, from: 1, lines("one"))
        _ = try await client.cancel("d1")
        #expect(try await worker.renew(lease).cancellation != nil)
        _ = try await worker.waitForCancels(.milliseconds(10))
        _ = try await worker.waitForWork(.milliseconds(10))
        try await worker.tend()
        try await worker.finish(lease, .succeeded(BuildResult()))
        #expect(try await client.status("d1")?.state == .success)
        await redis.close()
    }

    @Test("are enough for a worker on one server")
    func server() async throws {
        let farm = try await Farm()
        try await grant(Self.workerRights(), to: "slipway-worker", on: farm.server)
        try await live(RedisLocation(parsing: farm.server.url))
    }

    @Test("are enough for a worker behind Sentinels, and without ROLE it says what it lacks")
    func sentinels() async throws {
        let sentinels = try await RedisSentinels()
        for server in sentinels.servers { try await grant(Self.workerRights(), to: "slipway-worker", on: server) }
        try await live(RedisLocation(parsing: sentinels.url))
        for server in sentinels.servers { try await grant(["-role"], to: "slipway-worker", on: server) }
        let failure = await #expect(throws: BuildFailure.self) {
            try await live(RedisLocation(parsing: sentinels.url))
        }
        #expect(failure?.description.contains("role") == true, "\(String(describing: failure))")
    }

    @Test("are enough for a worker in a cluster")
    func cluster() async throws {
        let cluster = try await RedisCluster()
        for node in cluster.nodes { try await grant(Self.workerRights(), to: "slipway-worker", on: node) }
        try await live(RedisLocation(parsing: cluster.url))
    }

    @Test("are enough to cancel a build, and for no more than a farm's own keys")
    func cancel() async throws {
        let farm = try await Farm()
        _ = try await farm.worker().prepare()
        let rights = "~slipway:{farm}:* +fcall +time +@read +@write"
        #expect(try Self.contract().contains("`\(rights)`"))
        try await grant(rights.split(separator: " ").map(String.init), to: "operator", on: farm.server)
        try await farm.add(Farm.request("d1"))
        let login = ["redis-cli", "-e", "-p", String(farm.server.port), "--user", "operator", "--pass", "p"]
        let cancel = ["FCALL", "slipway_v1_cancel", "1", Farm.intake, "d1"]
        if Farm.forbidsFunctions { return }
        #expect(try await Command.output(login + cancel).text.contains("CANCELLED"))
        let refused = try await Command.result(login + ["SET", "other", "1"])
        #expect((refused.text + refused.errorText).contains("NOPERM"))
    }
}
