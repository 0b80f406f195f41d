import BuildModel
import Platform
import RedisTransport
import TestSupport

@testable import BuildQueue

/// A farm of a test's own, on a Redis of its own.
struct Farm: Sendable {
    let server: RedisServer
    let redis: RedisClient
    let client: BuildQueueClient
    static let intake = "slipway:{farm}:intake"

    /// Options of a server that has no functions: scripts stand in.
    static let withoutFunctions = ["--rename-command", "FUNCTION", "", "--rename-command", "FCALL", ""]

    /// Whether the whole suite is to run without functions.
    static var forbidsFunctions: Bool { SystemInformation.environment("SLIPWAY_TEST_QUEUE") == "scripts" }

    init(options: [String] = []) async throws {
        let forbidden = Self.forbidsFunctions && !options.contains("FUNCTION") ? Self.withoutFunctions : []
        server = try await RedisServer(options: options + forbidden)
        redis = RedisClient(try RedisEndpoint(parsing: server.url), name: "test")
        client = try BuildQueueClient(redis, farm: "farm")
    }

    /// A worker over the farm's connection, with a lease that outlasts a test on a busy machine.
    func worker(_ name: String = "w1", change: (inout QueueSettings) -> Void = { _ in }) throws -> WorkerQueue {
        var settings = QueueSettings(worker: name, lease: .seconds(600))
        change(&settings)
        return try WorkerQueue(redis, settings: settings)
    }

    static func request(_ id: String, _ more: String = "") -> String {
        #"{"deploymentId":"\#(id)","projectId":"p1","repositoryUrl":"https://example.com/r.git"\#(more)}"#
    }

    /// What a producer without Slipway does.
    func add(_ request: String) async throws {
        try await server.cli("XADD", Self.intake, "*", "request", request)
    }

    /// As `add`, over the test's own connection: for many.
    func post(_ request: String) async throws {
        try await redis.send(["XADD", RedisArgument(Self.intake), "*", "request", RedisArgument(request)])
    }

    /// Queues a build and lets a worker claim it.
    func claimed(_ id: String, by worker: WorkerQueue) async throws -> Lease {
        try await add(Self.request(id))
        guard let lease = try await worker.claim(), lease.id == id else {
            throw NothingClaimed()
        }
        return lease
    }

    func status(_ id: String) async throws -> BuildStatus {
        guard let status = try await client.status(id) else { throw BuildQueueClient.unknown(id) }
        return status
    }

    func texts(_ id: String, from first: Int64 = 1, follow: Bool = false) async throws -> [String] {
        var texts: [String] = []
        for try await entry in try await client.logs(id, from: first, follow: follow) { texts.append(entry.line.text) }
        return texts
    }
}

struct NothingClaimed: Error {}

/// Lines of a program's output.
func lines(_ texts: String...) -> [LogLine] {
    texts.map { LogLine(stream: .stdout, phase: .cloning, text: $0, time: 1_700_000_000_000) }
}

/// A result as a whole build leaves it.
func fullResult() throws -> BuildResult {
    let digest = try Digest(parsing: "sha256:" + String(repeating: "ab", count: 32))
    var result = BuildResult()
    result.image = PublishedImage(
        reference: try ImageReference(parsing: "127.0.0.1:5000/p1:d1@\(digest)"),
        manifest: Descriptor(mediaType: MediaType.ociManifest, digest: digest, size: 500),
        uploadedBytes: 1000,
        reusedBytes: 234
    )
    result.language = "python"
    result.planDigest = digest
    result.rollbackDeploymentID = "d0"
    result.phaseMilliseconds = [.cloning: 12, .pushing: 345]
    return result
}
