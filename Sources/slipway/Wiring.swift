import BuildModel
import BuildQueue
import GitStore
import HTTPTransport
import Kubernetes
import Platform
import RedisTransport
import Registry
import Settings
import Worker

/// Hands each module its part of the configuration.
enum Wiring {
    /// - Parameter name: what the connection calls itself, for `CLIENT LIST`.
    static func redis(_ settings: WorkerSettings, name: String) throws(BuildFailure) -> RedisClient {
        var location = try RedisLocation(parsing: settings.redis.url)
        if let password = settings.redis.password { location.endpoint.password = password }
        location.sentinelPassword = settings.redis.sentinelPassword
        if location.endpoint.tls != nil {
            location.endpoint.tls = TLSFiles(
                certificateAuthorityFile: settings.redis.certificateAuthorityFile,
                clientCertificateFile: settings.redis.clientCertificateFile,
                clientKeyFile: settings.redis.clientKeyFile
            )
        }
        return RedisClient(location, name: name, key: BuildQueueClient.routingKey(farm: settings.farm))
    }

    static func queue(_ settings: WorkerSettings) -> QueueSettings {
        // Four fifths of what is kept is the log's head, the rest its last lines.
        let limits = LogLimits(
            headLines: settings.queue.logLines * 4 / 5,
            headBytes: settings.queue.logBytes * 4 / 5,
            tailLines: settings.queue.logLines / 5,
            tailBytes: settings.queue.logBytes / 5
        )
        var queue = QueueSettings(
            farm: settings.farm,
            worker: settings.worker.name,
            lease: settings.queue.lease,
            renewEvery: settings.queue.renewal,
            logLimits: limits,
            retention: settings.queue.retention
        )
        for state in BuildState.allCases where state.isTerminal {
            let count = settings.queue.retentionCount[state.rawValue] ?? 0
            queue.limits[state] = StateLimit(
                age: settings.queue.retentionDays[state.rawValue].map { .seconds($0 * 86400) },
                count: count > 0 ? count : nil
            )
        }
        queue.farmLogBytes = settings.queue.farmLogBytes
        queue.labels = settings.worker.labels
        queue.tenantLimit = settings.queue.tenantLimit
        queue.projectLimit = settings.queue.projectLimit
        queue.tenantWeights = settings.queue.tenantWeights
        return queue
    }

    static func git(_ settings: WorkerSettings) -> GitSettings {
        var git = GitSettings(directory: "\(settings.cacheDirectory)/git")
        if settings.git.allowsFile { git.allowedSchemes.insert("file") }
        git.allowedHosts = settings.git.allowedHosts
        git.submodules = SubmodulePolicy(rawValue: settings.git.submodules) ?? .refuse
        git.largeFiles = LargeFilePolicy(rawValue: settings.git.largeFiles) ?? .refuse
        git.credentials = settings.git.credentials.map { credential in
            GitCredential(host: credential.host, username: credential.username, password: credential.password)
        }
        git.sshKeyFile = settings.git.sshKeyFile
        git.usesSSHAgent = settings.git.sshKeyFile == nil
        git.knownHostsFile = settings.git.knownHostsFile
        git.certificateAuthorityFile = settings.git.certificateAuthorityFile
        git.maximumBytes = Int64(settings.git.maximumBytes)
        git.timeout = settings.git.timeout
        return git
    }

    static func registry(_ settings: WorkerSettings) throws(BuildFailure) -> RegistrySettings {
        let registries = settings.registries
        var registry = RegistrySettings()
        registry.mirrors = registries.mirrors
        registry.plainHTTP = Set(registries.plainHTTP)
        registry.certificateAuthorityFiles = registries.certificateAuthorityFiles
        registry.credentialFiles = registries.credentialFiles
        registry.clientCertificateFiles = registries.clientCertificateFiles
        registry.insecure = Set(registries.insecure)
        registry.hiddenTLS = Set(registries.hiddenTLS)
        registry.chunkBytes = registries.chunkBytes
        registry.knowledgeFile = "\(settings.cacheDirectory)/registry-hosts.json"
        registry.sightingsFile = "\(settings.cacheDirectory)/registry-blobs.journal"
        registry.spoolDirectory = "\(settings.cacheDirectory)/spool"
        for credential in registries.credentials {
            registry.credentials[credential.host] = RegistrySettings.Credential(
                username: credential.username,
                password: credential.password
            )
        }
        return registry
    }

    static func platform(_ settings: WorkerSettings) -> ImagePlatform {
        guard let parts = settings.image.platform?.split(separator: "/").map(String.init), parts.count >= 2 else {
            return .current
        }
        return ImagePlatform(os: parts[0], architecture: parts[1], variant: parts.count > 2 ? parts[2] : nil)
    }

    /// What deploys; without a cluster it only renders.
    static func deployer(_ settings: WorkerSettings, http: HTTPClient) throws -> ClusterDeployer {
        let kubernetes = settings.kubernetes
        return ClusterDeployer(
            deployer: kubernetes.isEnabled ? try cluster(settings, http: http) : nil,
            settings: try deployerSettings(kubernetes),
            renderDirectory: kubernetes.renderDirectory
        )
    }

    /// The cluster that the configuration names, else the one that kubectl would talk to.
    ///
    /// - Parameter takesFields: whether fields that other managers have set are taken.
    static func cluster(_ settings: WorkerSettings, http: HTTPClient, takesFields: Bool = false) throws -> Deployer {
        let credentials = try ClusterCredentials.find(
            kubeconfig: settings.kubernetes.kubeconfig,
            context: settings.kubernetes.context
        )
        var deployer = try deployerSettings(settings.kubernetes)
        deployer.takesFields = takesFields
        return Deployer(credentials: credentials, http: http, settings: deployer)
    }

    /// - Throws: `BuildFailure` if the template cannot be read, or is wrong, or makes names that are too long.
    static func deployerSettings(_ kubernetes: WorkerSettings.Kubernetes) throws(BuildFailure) -> DeployerSettings {
        var settings = DeployerSettings(namespace: namespace(kubernetes), platform: kubernetes.platform)
        if let path = kubernetes.template { settings.template = try ManifestTemplate(file: path) }
        try settings.template.check(namespace: settings.namespace, platform: settings.platform)
        settings.rolloutLimit = kubernetes.rolloutLimit
        settings.progressDeadline = kubernetes.progressDeadline
        settings.rollsBack = kubernetes.rollsBack
        settings.prunes = kubernetes.prunes
        settings.imagePullSecrets = kubernetes.imagePullSecrets
        settings.ingressClass = kubernetes.ingressClass
        settings.ingressAnnotations = kubernetes.ingressAnnotations
        settings.createsNamespace = kubernetes.createsNamespace
        return settings
    }

    /// The configuration's namespace, else that of the cluster's credentials. What is wrong with those is said where they are used.
    private static func namespace(_ kubernetes: WorkerSettings.Kubernetes) -> String {
        if let namespace = kubernetes.namespace { return namespace }
        let found = try? ClusterCredentials.find(kubeconfig: kubernetes.kubeconfig, context: kubernetes.context)
        return found?.namespace ?? "default"
    }
}
