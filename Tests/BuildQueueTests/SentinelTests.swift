import BuildModel
import Platform
import RedisTransport
import TestSupport
import Testing

@testable import BuildQueue

@Suite("A farm behind Sentinels", .serialized)
struct SentinelTests {
    private func worker(_ sentinels: RedisSentinels) throws -> WorkerQueue {
        var location = try RedisLocation(parsing: sentinels.url)
        if let certificates = sentinels.certificates {
            location.endpoint.tls = TLSFiles(certificateAuthorityFile: certificates.authority)
        }
        location.sentinelPassword = sentinels.password.map { Redacted($0) }
        let redis = RedisClient(location, name: "test", key: Farm.intake)
        var settings = QueueSettings(worker: "w1", lease: .seconds(120), renewEvery: .seconds(10))
        settings.projectLimit = 0
        return try WorkerQueue(redis, settings: settings)
    }

    @Test(
        "finds the primary and follows it, with a lease that was taken before; with TLS and a password too",
        arguments: [false, true]
    )
    func failover(isSecure: Bool) async throws {
        let scratch = try Scratch()
        // Without its replica the old primary takes nothing: what it took in its last moments would be lost.
        let sentinels = try await RedisSentinels(
            options: ["--min-replicas-to-write", "1"],
            certificates: isSecure ? try await TestCertificates(in: scratch) : nil,
            password: isSecure ? "s3cret" : nil
        )
        let worker = try worker(sentinels)
        _ = try await worker.prepare()
        let client = try BuildQueueClient(worker.caller.client, farm: "farm")
        _ = try await client.enqueue(Farm.request("d1"))
        let lease = try #require(try await worker.claim())
        let before = try await sentinels.primary()
        try await eventually("the replica has the claim") {
            try await sentinels.servers.first { $0 !== before }?
                .cli("HGET", "slipway:{farm}:build:d1", "state").first == "BUILDING"
        }
        try await sentinels.failOver()
        let renewed = try await eventually("the lease is renewed at the new primary") {
            try? await worker.renew(lease)
        }
        #expect(renewed.epoch == lease.epoch)
        try await worker.finish(lease, .succeeded(BuildResult()))
        #expect(try await client.status("d1")?.state == .success)
        #expect(try await sentinels.primary().cli("HGET", "slipway:{farm}:build:d1", "state") == ["SUCCESS"])
        await worker.caller.client.close()
    }

    @Test("goes on when the primary dies, and gives out higher epochs than the dead one could have")
    func death() async throws {
        let sentinels = try await RedisSentinels()
        let worker = try worker(sentinels)
        let client = try BuildQueueClient(worker.caller.client, farm: "farm")
        _ = try await client.enqueue(Farm.request("d1", #","deploy":false"#))
        let first = try #require(try await worker.claim())
        let before = try await sentinels.primary()
        try await before.kill()
        try await sentinels.untilAnother(than: before)
        let receipt = try await eventually("the farm takes builds again") {
            try? await client.enqueue(Farm.request("d2", #","deploy":false"#))
        }
        #expect(receipt.id == "d2")
        let second = try await eventually("the build is claimed") { try? await worker.claim() }
        #expect(second.epoch > first.epoch)
        await worker.caller.client.close()
    }

    @Test("names a primary that no Sentinel knows")
    func unknown() async throws {
        let sentinels = try await RedisSentinels()
        let url = sentinels.url.replacing("/main", with: "/nobody")
        let redis = RedisClient(try RedisLocation(parsing: url), name: "test", key: Farm.intake)
        let failure = await #expect(throws: BuildFailure.self) { try await redis.send(["PING"]) }
        #expect(failure?.code == .invalidConfiguration)
        #expect(failure?.message.contains("nobody") == true)
        await redis.close()
    }
}
