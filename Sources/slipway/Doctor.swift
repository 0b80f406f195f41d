import BuildModel
import BuildQueue
import HTTPTransport
import Kubernetes
import Platform
import RedisTransport
import Sandbox
import Settings

/// Everything that `slipway doctor` looks at: the node's own checks, then those of the server. A module's checks are added
/// to `checks`.
struct Doctor {
    let settings: WorkerSettings

    /// The checks of this node.
    var checks: [any HealthCheck] {
        let cluster: [any HealthCheck] = settings.kubernetes.isEnabled ? [ClusterCheck(settings: settings)] : []
        return [CacheDirectoryCheck(path: settings.cacheDirectory, minimum: Int64(settings.worker.minimumFreeBytes))]
            + SandboxChecks.all(Wiring.sandbox(settings), slots: settings.worker.slots)
            + cluster
    }

    /// What there is to say, the node first, then Redis.
    func findings() async throws -> [HealthFinding] {
        var findings: [HealthFinding] = []
        for check in checks { findings.append(await check.finding()) }
        return findings + (try await ofRedis())
    }

    private func ofRedis() async throws -> [HealthFinding] {
        let redis = try Wiring.redis(settings, name: "slipway-doctor")
        let findings = await (try WorkerQueue(redis, settings: Wiring.queue(settings))).findings()
        await redis.close()
        return findings
    }
}

/// Builds that deploy need a cluster that answers, credentials and rights.
struct ClusterCheck: HealthCheck {
    let name = "kubernetes.access"
    let settings: WorkerSettings

    func verdict() async throws -> HealthVerdict {
        let http = HTTPClient(label: "slipway.doctor")
        let deployer = try Wiring.cluster(settings, http: http)
        do {
            let verdict = try await deployer.access()
            await http.shutdown()
            return verdict
        } catch {
            await http.shutdown()
            throw error
        }
    }
}

/// Mirrors, spooled layers and memos need a directory that takes files, and room.
struct CacheDirectoryCheck: HealthCheck {
    let name = "node.cache"
    let path: String
    /// With less the worker takes no builds.
    let minimum: Int64

    func verdict() throws -> HealthVerdict {
        try Directories.create(path)
        let free = Files.freeBytes(at: path)
        guard free >= minimum else {
            // No problem: the worker may start, and begins when there is room.
            return .warning(
                "\(path) has \(free >> 20) MiB left, and a worker takes no builds with less than \(minimum >> 20) MiB.",
                remedy: "Free some disk, name another cacheDirectory, or lower worker.minimumFreeBytes."
            )
        }
        try Files.tryWriting(in: path)
        guard free < 5 << 30 else { return .ok("\(path) takes files, \(free >> 30) GiB are free.") }
        let remedy = "Free some disk, or name another cacheDirectory."
        return .warning("\(path) has \(free >> 20) MiB left.", remedy: remedy)
    }
}
