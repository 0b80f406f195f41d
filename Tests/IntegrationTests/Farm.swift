import BuildModel
import Documents
import Platform
import TestSupport

/// A whole farm on loopback: Redis, a registry with base images behind a mirror, a git server, and a worker started as an operator would.
final class Farm: Sendable {
    let scratch: Scratch
    let redis: RedisServer
    /// Who says which Redis it is, where there are several.
    let sentinels: RedisSentinels?
    let registry: RegistryServer
    let mirror: RegistryServer
    let git: GitHTTPServer
    let configuration: String

    /// - Parameters:
    ///   - more: lines added to the worker's configuration.
    ///   - sentinels: the servers to use instead of one of the farm's own.
    init(_ more: String = "", sentinels: RedisSentinels? = nil) async throws {
        scratch = try Scratch()
        self.sentinels = sentinels
        if let sentinels { redis = sentinels.servers[0] } else { redis = try await RedisServer() }
        registry = try await RegistryServer()
        mirror = try await RegistryServer(seed: "\(Cache.directory)/registry-seed")
        try Directories.create(scratch("repositories"))
        git = try await GitHTTPServer(root: scratch("repositories"), scratch: scratch)
        configuration = try scratch.write(
            """
            farm: farm
            cacheDirectory: \(scratch("cache"))
            worker:
              name: node-1
              slots: 2
            redis:
              url: \(sentinels?.url ?? redis.url)/0
            buildpacks:
              directory: \(Checkout.root)/buildpacks
            registries:
              push: \(registry.host)/apps
              layouts: []
              mirrors:
                docker.io: [\(mirror.host)]
            log:
              format: json
            \(more)
            """,
            to: "worker.yaml"
        )
    }

    /// The server that takes writes now.
    func primary() async throws -> RedisServer { try await sentinels?.primary() ?? redis }

    /// Starts a worker and waits until it is ready.
    ///
    /// - Parameters:
    ///   - flags: added to the command line.
    ///   - disk: what it has in the place of its cache.
    func startWorker(_ flags: String..., on disk: SmallDisk? = nil) async throws -> ServerProcess {
        let log = scratch("worker-\(UInt32.random(in: 0 ... .max)).log")
        let words = [SlipwayProgram.path, "worker", "--config", configuration] + flags
        let worker = try await ServerProcess(disk?.around(words) ?? words, log: log)
        try await eventually("the worker is ready") {
            guard worker.isRunning else { throw CommandFailed(description: "the worker ended: \(worker.log)") }
            return worker.log.contains("worker ready")
        }
        return worker
    }

    /// A repository that the git server serves.
    func repository(_ name: String, _ files: [String: String]) async throws -> GitRepository {
        let repository = try await GitRepository(at: scratch("repositories/\(name)"))
        try await repository.commit(["README.md": "First.\n"], message: "Begin")
        try await repository.commit(files, message: "Add the app")
        return repository
    }

    /// Enqueues as any producer would: one XADD.
    func add(_ request: String) async throws {
        _ = try await redis.cli("XADD", "slipway:{farm}:intake", "*", "request", request)
    }

    /// A plain request for a repository of the farm's git server.
    func add(_ id: String, repository: String, _ more: String = "") async throws {
        let url = git.url(repository)
        try await add(#"{"deploymentId":"\#(id)","projectId":"p-\#(repository)","repositoryUrl":"\#(url)"\#(more)}"#)
    }

    /// Runs a reading verb.
    func slipway(_ words: String...) async throws -> CommandResult { try await slipway(words) }

    func slipway(_ words: [String]) async throws -> CommandResult {
        try await SlipwayProgram.result(words + ["--config", configuration])
    }

    /// The status of a build as JSON; nil while there is none.
    func status(_ id: String) async throws -> JSONValue? {
        var result = try await slipway("status", id, "-o", "json")
        // To a program that a busy machine has kept waiting Redis seems to be away.
        for _ in 0..<3 where result.status == 69 { result = try await slipway("status", id, "-o", "json") }
        return result.succeeded ? try JSONDocument.parse(result.text) : nil
    }

    /// Waits until a build has ended, and returns its status.
    func ended(_ id: String, within limit: Duration = .seconds(300)) async throws -> JSONValue {
        try await eventually("build \(id) has ended", within: limit) {
            let status = try await self.status(id)
            let state = status?["state"]?.string.flatMap(BuildState.init(rawValue:))
            return state?.isTerminal == true ? status : nil
        }
    }
}
