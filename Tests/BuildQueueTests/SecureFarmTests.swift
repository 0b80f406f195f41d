import BuildModel
import Platform
import RedisTransport
import TestSupport
import Testing

@testable import BuildQueue

@Suite("A farm whose servers speak TLS", .serialized)
struct SecureFarmTests {
    private func worker(
        _ url: String,
        _ certificates: TestCertificates,
        sentinelPassword: String? = nil
    ) throws -> WorkerQueue {
        var location = try RedisLocation(parsing: url)
        location.endpoint.tls = TLSFiles(certificateAuthorityFile: certificates.authority)
        location.sentinelPassword = sentinelPassword.map { Redacted($0) }
        let redis = RedisClient(location, name: "test", key: Farm.intake)
        return try WorkerQueue(redis, settings: QueueSettings(worker: "w1"))
    }

    @Test("is not found without the Sentinels' password, and the failure says so")
    func password() async throws {
        let scratch = try Scratch()
        let certificates = try await TestCertificates(in: scratch)
        let sentinels = try await RedisSentinels(certificates: certificates, password: "s3cret")
        for wrong in [nil, "wr0ng"] {
            let worker = try worker(sentinels.url, certificates, sentinelPassword: wrong)
            let failure = await #expect(throws: BuildFailure.self) { try await worker.claim() }
            let text = try #require(failure?.description)
            #expect(text.contains("NOAUTH") || text.contains("WRONGPASS"))
            #expect(!text.contains("wr0ng"))
            await worker.caller.client.close()
        }
    }

    @Test("is found in a cluster, and followed when its slot moves")
    func cluster() async throws {
        let scratch = try Scratch()
        let certificates = try await TestCertificates(in: scratch)
        let cluster = try await RedisCluster(certificates: certificates)
        let worker = try worker(cluster.url, certificates)
        let client = try BuildQueueClient(worker.caller.client, farm: "farm")
        _ = try await client.enqueue(Farm.request("d1"))
        let lease = try #require(try await worker.claim())
        let source = try await cluster.owner(of: Farm.intake)
        let target = try #require(cluster.nodes.first { $0 !== source })
        try await cluster.move(Farm.intake, to: target)
        _ = try await worker.renew(lease)
        try await worker.finish(lease, .succeeded(BuildResult()))
        #expect(try await client.status("d1")?.state == .success)
        #expect(try await target.cli("HGET", "slipway:{farm}:build:d1", "state") == ["SUCCESS"])
        await worker.caller.client.close()
    }
}
