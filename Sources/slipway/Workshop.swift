import BuildModel
import BuildQueue
import Buildpacks
import GitStore
import HTTPTransport
import ImageBuild
import Kubernetes
import Platform
import RedisTransport
import Registry
import Settings
import Telemetry
import Worker

/// What stages are made of, built from the configuration: one HTTP transport, one pool of threads, the rules, the clients.
struct Workshop: Sendable {
    let settings: WorkerSettings
    let http: HTTPClient
    let hosts: SharedHosts
    let registry: RegistryClient
    let layers: LayerSettings
    let bases: BaseImageFinder
    let images: ImageMaker
    let steps: StepMaker

    /// - Parameters:
    ///   - farm: what the nodes of a farm remember together.
    ///   - http: a client to share; one of its own without it.
    ///   - hosts: the gates of hosts that go with it.
    /// - Throws: `BuildFailure` if the cache directory cannot be made or a file that the configuration names cannot be read.
    init(
        _ settings: WorkerSettings,
        farm: FarmMemories? = nil,
        http: HTTPClient = HTTPClient(label: "slipway.http"),
        hosts: SharedHosts = SharedHosts()
    ) throws {
        self.settings = settings
        let spool = "\(settings.cacheDirectory)/spool"
        try Directories.create(spool)
        self.http = http
        self.hosts = hosts
        let places = try Wiring.registry(settings)
        var strangers = places.anonymous
        strangers.reach = .internet(orPrivate: settings.sandbox.allowsPrivate)
        registry = RegistryClient(settings: places, http: http, hosts: hosts, farm: farm?.blobs)
        let threads = settings.layers.threads
        let memory = "\(settings.cacheDirectory)/layers"
        try Directories.create(memory, mode: 0o700)
        layers = LayerSettings(
            compression: CompressionLevel(rawValue: settings.layers.compression) ?? .balanced,
            processors: BlockingPool(
                label: "slipway.layers",
                width: threads > 0 ? threads : SystemInformation.processorCount
            ),
            spoolDirectory: spool,
            maximumLayers: settings.layers.maximum,
            attributes: AttributeNotes.Policy(rawValue: settings.layers.attributes) ?? .tell,
            members: try Self.members(settings, in: memory)
        )
        bases = BaseImageFinder(
            layouts: settings.registries.layouts,
            archives: "\(settings.cacheDirectory)/archives",
            registry: registry,
            anonymous: RegistryClient(settings: strangers, http: http, hosts: hosts),
            admission: ImageAdmission(open: settings.registries.openImages, pushed: settings.registries.push),
            platform: Wiring.platform(settings)
        )
        images = ImageMaker(
            bases: bases,
            indexes: try Wiring.baseIndexes(settings, registry: registry, spool: spool),
            layers: layers,
            memo: LayerMemo(in: memory, farm: farm?.layers)
        )
        steps = try Wiring.steps(settings, bases: bases, registry: registry, layers: layers, farm: farm?.steps)
    }

    /// What is kept of layers, or nil where the configuration gives it no room.
    private static func members(_ settings: WorkerSettings, in directory: String) throws(BuildFailure) -> MemberStore? {
        let limit = settings.layers.memberBytes
        return limit > 0 ? try MemberStore(directory: "\(directory)/members", limit: Int64(limit)) : nil
    }

    func mirrors() throws -> Mirrors { try Mirrors(Wiring.git(settings), http: http) }

    func ruleFiles() throws -> RuleFiles { try RuleFiles(directory: settings.buildpacks.directory) }

    func rules() throws -> RuleSet { try RuleSet(ruleFiles()) }

    private static let day = Duration.seconds(86_400)

    /// Removes repositories that are over the budget, or that no build has used for a month.
    func collectRepositories() async throws {
        let budget = Int64(settings.git.cacheBytes)
        _ = try await mirrors().collect(budget: budget, age: Self.day * 30, recent: Self.day)
    }

    /// The same once a day, for who builds without a worker. What goes wrong is told, and has nothing to do with what was built.
    func collectRepositoriesDaily() async {
        guard Mirrors.isCollectionDue(in: Wiring.git(settings).directory, every: Self.day) else { return }
        do {
            try await collectRepositories()
        } catch {
            let failure = BuildFailure(error, operation: "git.collect")
            guard failure.fault != .cancelled else { return }
            let reason = TerminalText.plain(failure.message)
            StandardError.write("slipway: warning: repositories that nobody builds could not be removed: \(reason)")
        }
    }

    /// The stages of a worker.
    func stages() throws -> BuildStages {
        BuildStages(
            settings: settings,
            mirrors: try mirrors(),
            rules: try rules(),
            registry: registry,
            images: images,
            steps: steps,
            deployer: try Wiring.deployer(settings, http: http)
        )
    }

    func close() async {
        steps.close()
        await http.shutdown()
    }
}

/// What the nodes of a farm remember together.
struct FarmMemories: Sendable {
    let steps: FarmMemory
    let layers: FarmMemory
    let blobs: FarmMemory

    init(_ redis: RedisClient, farm: String) throws(BuildFailure) {
        steps = try FarmMemory(redis, farm: farm, of: .step)
        layers = try FarmMemory(redis, farm: farm, of: .layer)
        blobs = try FarmMemory(redis, farm: farm, of: .blob)
    }
}
