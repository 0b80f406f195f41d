import BuildModel
import BuildQueue
import Logging
import Platform
import RedisTransport
import TestSupport
import Testing

@testable import Worker

/// As after Redis' clock was put forward: its owner trusts the lease, and nobody renews it but whoever is refused.
@Suite("A lease that has run out by Redis' clock")
struct LeaseOverTests {
    private let server: RedisServer
    private let client: BuildQueueClient
    private let queue: WorkerQueue
    private let attempt: QueuedAttempt

    init() async throws {
        server = try await RedisServer()
        let redis = RedisClient(try RedisEndpoint(parsing: server.url), name: "test")
        client = try BuildQueueClient(redis, farm: "farm")
        queue = try WorkerQueue(redis, settings: QueueSettings(worker: "w1", lease: .seconds(600)))
        let request = #"{"deploymentId":"d1","projectId":"p","repositoryUrl":"https://example.com/r.git"}"#
        _ = try await client.enqueue(request)
        let lease = try #require(try await queue.claim())
        let guardian = LeaseGuardian(queue: queue, lease: lease, logger: Logger(label: "test"))
        attempt = QueuedAttempt(
            queue: queue,
            lease: lease,
            shipper: LogShipper(queue: queue, lease: lease, guardian: guardian),
            guardian: guardian
        )
        try await server.cli("HSET", "slipway:{farm}:build:d1", "leaseUntil", "1")
    }

    private func end(_ failure: BuildFailure?, drain level: DrainSignal.Level = .none) async throws -> BuildStatus? {
        let drain = DrainSignal()
        drain.raise(to: level)
        let room = NodeRoom(directory: "/", minimum: 0)
        let ending = Ending(attempt: attempt, queue: queue, room: room, drain: drain, logger: Logger(label: "test"))
        await ending.write(failure, BuildResult(), took: .seconds(1))
        return try await client.status("d1")
    }

    @Test("is renewed at once by who tells a phase")
    func phase() async throws {
        await attempt.begin(.detecting)
        #expect(try await client.status("d1")?.phase == "detecting")
    }

    @Test("is renewed at once by who sends the log")
    func log() async throws {
        attempt.write("one", stream: .stdout, phase: nil)
        try await attempt.shipper.flush()
        #expect(try await client.status("d1")?.logLines == 1)
    }

    @Test("is renewed at once by who writes the end")
    func end() async throws {
        #expect(try await end(nil)?.state == .success)
    }

    @Test("is renewed at once by who gives the build back")
    func giveBack() async throws {
        #expect(try await end(.cancelled(operation: "test"), drain: .abandon)?.state == .pending)
    }

    @Test("stays over for who has lost the build")
    func lost() async throws {
        try await server.cli("HSET", "slipway:{farm}:build:d1", "epoch", "1")
        let failure = await #expect(throws: BuildFailure.self) { try await attempt.confirm() }
        #expect(failure?.code == .leaseLost)
    }
}
