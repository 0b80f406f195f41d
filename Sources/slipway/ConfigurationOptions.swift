import ArgumentParser
import Settings

/// A flag for every key of the configuration. Names and meanings are those of `SettingKey.all`; a test holds both together.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String?

    @Option(name: .customLong("farm"), help: .setting("farm"))
    var farm: String?

    @Option(name: .customLong("cache-directory"), help: .setting("cacheDirectory"))
    var cacheDirectory: String?

    @Option(name: .customLong("worker-name"), help: .setting("worker.name"))
    var workerName: String?

    @Option(name: .customLong("worker-slots"), help: .setting("worker.slots"))
    var workerSlots: String?

    @Option(name: .customLong("worker-labels"), help: .setting("worker.labels"))
    var workerLabels: String?

    @Option(name: .customLong("worker-minimum-free-bytes"), help: .setting("worker.minimumFreeBytes"))
    var workerMinimumFreeBytes: String?

    @Option(name: .customLong("worker-accepted-risks"), help: .setting("worker.acceptedRisks"))
    var workerAcceptedRisks: String?

    @Option(name: .customLong("log-format"), help: .setting("log.format"))
    var logFormat: String?

    @Option(name: .customLong("log-level"), help: .setting("log.level"))
    var logLevel: String?

    @Option(name: .customLong("redis-url"), help: .setting("redis.url"))
    var redisUrl: String?

    @Option(name: .customLong("redis-password-file"), help: .setting("redis.passwordFile"))
    var redisPasswordFile: String?

    @Option(name: .customLong("redis-sentinel-password-file"), help: .setting("redis.sentinelPasswordFile"))
    var redisSentinelPasswordFile: String?

    @Option(name: .customLong("redis-certificate-authority-file"), help: .setting("redis.certificateAuthorityFile"))
    var redisCertificateAuthorityFile: String?

    @Option(name: .customLong("redis-client-certificate-file"), help: .setting("redis.clientCertificateFile"))
    var redisClientCertificateFile: String?

    @Option(name: .customLong("redis-client-key-file"), help: .setting("redis.clientKeyFile"))
    var redisClientKeyFile: String?

    @Option(name: .customLong("queue-lease-seconds"), help: .setting("queue.leaseSeconds"))
    var queueLeaseSeconds: String?

    @Option(name: .customLong("queue-renew-seconds"), help: .setting("queue.renewSeconds"))
    var queueRenewSeconds: String?

    @Option(name: .customLong("queue-retention-days"), help: .setting("queue.retentionDays"))
    var queueRetentionDays: String?

    @Option(name: .customLong("queue-retention-days-by-state"), help: .setting("queue.retentionDaysByState"))
    var queueRetentionDaysByState: String?

    @Option(name: .customLong("queue-retention-count-by-state"), help: .setting("queue.retentionCountByState"))
    var queueRetentionCountByState: String?

    @Option(name: .customLong("queue-log-bytes"), help: .setting("queue.logBytes"))
    var queueLogBytes: String?

    @Option(name: .customLong("queue-log-lines"), help: .setting("queue.logLines"))
    var queueLogLines: String?

    @Option(name: .customLong("queue-farm-log-bytes"), help: .setting("queue.farmLogBytes"))
    var queueFarmLogBytes: String?

    @Option(name: .customLong("queue-tenant-limit"), help: .setting("queue.tenantLimit"))
    var queueTenantLimit: String?

    @Option(name: .customLong("queue-project-limit"), help: .setting("queue.projectLimit"))
    var queueProjectLimit: String?

    @Option(name: .customLong("queue-tenant-weights"), help: .setting("queue.tenantWeights"))
    var queueTenantWeights: String?

    @Option(name: .customLong("build-timeout-seconds"), help: .setting("build.timeoutSeconds"))
    var buildTimeoutSeconds: String?

    @Option(name: .customLong("build-drain-seconds"), help: .setting("build.drainSeconds"))
    var buildDrainSeconds: String?

    @Option(name: .customLong("git-allowed-hosts"), help: .setting("git.allowedHosts"))
    var gitAllowedHosts: String?

    @Option(name: .customLong("git-allow-file"), help: .setting("git.allowFile"))
    var gitAllowFile: String?

    @Option(name: .customLong("git-submodules"), help: .setting("git.submodules"))
    var gitSubmodules: String?

    @Option(name: .customLong("git-lfs"), help: .setting("git.lfs"))
    var gitLFS: String?

    @Option(name: .customLong("git-credentials"), help: .setting("git.credentials"))
    var gitCredentials: String?

    @Option(name: .customLong("git-ssh-key-file"), help: .setting("git.sshKeyFile"))
    var gitSshKeyFile: String?

    @Option(name: .customLong("git-known-hosts-file"), help: .setting("git.knownHostsFile"))
    var gitKnownHostsFile: String?

    @Option(name: .customLong("git-certificate-authority-file"), help: .setting("git.certificateAuthorityFile"))
    var gitCertificateAuthorityFile: String?

    @Option(name: .customLong("git-maximum-bytes"), help: .setting("git.maximumBytes"))
    var gitMaximumBytes: String?

    @Option(name: .customLong("git-cache-bytes"), help: .setting("git.cacheBytes"))
    var gitCacheBytes: String?

    @Option(name: .customLong("git-timeout-seconds"), help: .setting("git.timeoutSeconds"))
    var gitTimeoutSeconds: String?

    @Option(name: .customLong("buildpacks-directory"), help: .setting("buildpacks.directory"))
    var buildpacksDirectory: String?

    @Option(name: .customLong("sandbox-runtime"), help: .setting("sandbox.runtime"))
    var sandboxRuntime: String?

    @Option(name: .customLong("sandbox-memory-bytes"), help: .setting("sandbox.memoryBytes"))
    var sandboxMemoryBytes: String?

    @Option(name: .customLong("sandbox-maximum-memory-bytes"), help: .setting("sandbox.maximumMemoryBytes"))
    var sandboxMaximumMemoryBytes: String?

    @Option(name: .customLong("sandbox-processes"), help: .setting("sandbox.processes"))
    var sandboxProcesses: String?

    @Option(name: .customLong("sandbox-maximum-processes"), help: .setting("sandbox.maximumProcesses"))
    var sandboxMaximumProcesses: String?

    @Option(name: .customLong("sandbox-processors"), help: .setting("sandbox.processors"))
    var sandboxProcessors: String?

    @Option(name: .customLong("sandbox-maximum-processors"), help: .setting("sandbox.maximumProcessors"))
    var sandboxMaximumProcessors: String?

    @Option(name: .customLong("sandbox-disk-bytes"), help: .setting("sandbox.diskBytes"))
    var sandboxDiskBytes: String?

    @Option(name: .customLong("sandbox-maximum-disk-bytes"), help: .setting("sandbox.maximumDiskBytes"))
    var sandboxMaximumDiskBytes: String?

    @Option(name: .customLong("sandbox-step-seconds"), help: .setting("sandbox.stepSeconds"))
    var sandboxStepSeconds: String?

    @Option(name: .customLong("sandbox-maximum-step-seconds"), help: .setting("sandbox.maximumStepSeconds"))
    var sandboxMaximumStepSeconds: String?

    @Option(name: .customLong("sandbox-output-bytes"), help: .setting("sandbox.outputBytes"))
    var sandboxOutputBytes: String?

    @Option(name: .customLong("sandbox-allow-private"), help: .setting("sandbox.allowPrivate"))
    var sandboxAllowPrivate: String?
    @Option(name: .customLong("sandbox-minimum-free-bytes"), help: .setting("sandbox.minimumFreeBytes"))
    var sandboxMinimumFreeBytes: String?

    @Option(name: .customLong("sandbox-ca-bundle"), help: .setting("sandbox.caBundle"))
    var sandboxCaBundle: String?

    @Option(name: .customLong("sandbox-subordinate-ids"), help: .setting("sandbox.subordinateIDs"))
    var sandboxSubordinateIDs: String?

    @Option(name: .customLong("sandbox-runtime-directory"), help: .setting("sandbox.runtimeDirectory"))
    var sandboxRuntimeDirectory: String?

    @Option(name: .customLong("steps-memo-scope"), help: .setting("steps.memoScope"))
    var stepsMemoScope: String?

    @Option(name: .customLong("steps-layer-bytes"), help: .setting("steps.layerBytes"))
    var stepsLayerBytes: String?

    @Option(name: .customLong("steps-image-bytes"), help: .setting("steps.imageBytes"))
    var stepsImageBytes: String?

    @Option(name: .customLong("steps-cache-bytes"), help: .setting("steps.cacheBytes"))
    var stepsCacheBytes: String?

    @Option(name: .customLong("steps-cache-total-bytes"), help: .setting("steps.cacheTotalBytes"))
    var stepsCacheTotalBytes: String?

    @Option(name: .customLong("steps-hosts"), help: .setting("steps.hosts"))
    var stepsHosts: String?
    @Option(name: .customLong("steps-open-hosts"), help: .setting("steps.openHosts"))
    var stepsOpenHosts: String?

    @Option(name: .customLong("steps-environment"), help: .setting("steps.environment"))
    var stepsEnvironment: String?

    @Option(name: .customLong("steps-secrets-directory"), help: .setting("steps.secretsDirectory"))
    var stepsSecretsDirectory: String?

    @Option(name: .customLong("image-platform"), help: .setting("image.platform"))
    var imagePlatform: String?

    @Option(name: .customLong("layers-compression"), help: .setting("layers.compression"))
    var layersCompression: String?

    @Option(name: .customLong("layers-maximum"), help: .setting("layers.maximum"))
    var layersMaximum: String?
    @Option(name: .customLong("layers-threads"), help: .setting("layers.threads"))
    var layersThreads: String?

    @Option(name: .customLong("layers-member-bytes"), help: .setting("layers.memberBytes"))
    var layersMemberBytes: String?
    @Option(name: .customLong("layers-attributes"), help: .setting("layers.attributes"))
    var layersAttributes: String?

    @Option(name: .customLong("registries-push"), help: .setting("registries.push"))
    var registriesPush: String?

    @Option(name: .customLong("registries-mirrors"), help: .setting("registries.mirrors"))
    var registriesMirrors: String?

    @Option(name: .customLong("registries-layouts"), help: .setting("registries.layouts"))
    var registriesLayouts: String?

    @Option(name: .customLong("registries-plain-http"), help: .setting("registries.plainHTTP"))
    var registriesPlainHttp: String?

    @Option(
        name: .customLong("registries-certificate-authority-files"),
        help: .setting("registries.certificateAuthorityFiles")
    )
    var registriesCertificateAuthorityFiles: String?

    @Option(name: .customLong("registries-credentials"), help: .setting("registries.credentials"))
    var registriesCredentials: String?

    @Option(name: .customLong("registries-credential-files"), help: .setting("registries.credentialFiles"))
    var registriesCredentialFiles: String?

    @Option(
        name: .customLong("registries-client-certificate-files"),
        help: .setting("registries.clientCertificateFiles")
    )
    var registriesClientCertificateFiles: String?

    @Option(name: .customLong("registries-insecure"), help: .setting("registries.insecure"))
    var registriesInsecure: String?
    @Option(name: .customLong("registries-zstd"), help: .setting("registries.zstd"))
    var registriesZstd: String?

    @Option(name: .customLong("registries-open-images"), help: .setting("registries.openImages"))
    var registriesOpenImages: String?

    @Option(name: .customLong("registries-hidden-tls"), help: .setting("registries.hiddenTLS"))
    var registriesHiddenTLS: String?

    @Option(name: .customLong("registries-chunk-bytes"), help: .setting("registries.chunkBytes"))
    var registriesChunkBytes: String?

    @Option(name: .customLong("kubernetes-enabled"), help: .setting("kubernetes.enabled"))
    var kubernetesEnabled: String?

    @Option(name: .customLong("kubernetes-kubeconfig"), help: .setting("kubernetes.kubeconfig"))
    var kubernetesKubeconfig: String?

    @Option(name: .customLong("kubernetes-context"), help: .setting("kubernetes.context"))
    var kubernetesContext: String?

    @Option(name: .customLong("kubernetes-namespace"), help: .setting("kubernetes.namespace"))
    var kubernetesNamespace: String?

    @Option(name: .customLong("kubernetes-template"), help: .setting("kubernetes.template"))
    var kubernetesTemplate: String?

    @Option(name: .customLong("kubernetes-platform"), help: .setting("kubernetes.platform"))
    var kubernetesPlatform: String?

    @Option(name: .customLong("kubernetes-rollout-seconds"), help: .setting("kubernetes.rolloutSeconds"))
    var kubernetesRolloutSeconds: String?

    @Option(name: .customLong("kubernetes-progress-seconds"), help: .setting("kubernetes.progressSeconds"))
    var kubernetesProgressSeconds: String?

    @Option(name: .customLong("kubernetes-prune"), help: .setting("kubernetes.prune"))
    var kubernetesPrune: String?
    @Option(name: .customLong("kubernetes-roll-back"), help: .setting("kubernetes.rollBack"))
    var kubernetesRollBack: String?

    @Option(name: .customLong("kubernetes-image-pull-secrets"), help: .setting("kubernetes.imagePullSecrets"))
    var kubernetesImagePullSecrets: String?

    @Option(name: .customLong("kubernetes-ingress-class"), help: .setting("kubernetes.ingressClass"))
    var kubernetesIngressClass: String?

    @Option(name: .customLong("kubernetes-ingress-annotations"), help: .setting("kubernetes.ingressAnnotations"))
    var kubernetesIngressAnnotations: String?

    @Option(name: .customLong("kubernetes-create-namespace"), help: .setting("kubernetes.createNamespace"))
    var kubernetesCreateNamespace: String?

    @Option(name: .customLong("kubernetes-render-directory"), help: .setting("kubernetes.renderDirectory"))
    var kubernetesRenderDirectory: String?
}

extension ConfigurationOptions {
    /// The flags that were given, by name.
    var flags: [String: String] {
        let given: [(String, String?)] = [
            ("farm", farm),
            ("cacheDirectory", cacheDirectory),
            ("worker.name", workerName),
            ("worker.slots", workerSlots),
            ("worker.labels", workerLabels),
            ("worker.minimumFreeBytes", workerMinimumFreeBytes),
            ("worker.acceptedRisks", workerAcceptedRisks),
            ("log.format", logFormat),
            ("log.level", logLevel),
            ("redis.url", redisUrl),
            ("redis.passwordFile", redisPasswordFile),
            ("redis.sentinelPasswordFile", redisSentinelPasswordFile),
            ("redis.certificateAuthorityFile", redisCertificateAuthorityFile),
            ("redis.clientCertificateFile", redisClientCertificateFile),
            ("redis.clientKeyFile", redisClientKeyFile),
            ("queue.leaseSeconds", queueLeaseSeconds),
            ("queue.renewSeconds", queueRenewSeconds),
            ("queue.retentionDays", queueRetentionDays),
            ("queue.retentionDaysByState", queueRetentionDaysByState),
            ("queue.retentionCountByState", queueRetentionCountByState),
            ("queue.logBytes", queueLogBytes),
            ("queue.logLines", queueLogLines),
            ("queue.farmLogBytes", queueFarmLogBytes),
            ("queue.tenantLimit", queueTenantLimit),
            ("queue.projectLimit", queueProjectLimit),
            ("queue.tenantWeights", queueTenantWeights),
            ("build.timeoutSeconds", buildTimeoutSeconds),
            ("build.drainSeconds", buildDrainSeconds),
            ("git.allowedHosts", gitAllowedHosts),
            ("git.allowFile", gitAllowFile),
            ("git.submodules", gitSubmodules),
            ("git.lfs", gitLFS),
            ("git.credentials", gitCredentials),
            ("git.sshKeyFile", gitSshKeyFile),
            ("git.knownHostsFile", gitKnownHostsFile),
            ("git.certificateAuthorityFile", gitCertificateAuthorityFile),
            ("git.maximumBytes", gitMaximumBytes),
            ("git.cacheBytes", gitCacheBytes),
            ("git.timeoutSeconds", gitTimeoutSeconds),
            ("buildpacks.directory", buildpacksDirectory),
            ("sandbox.runtime", sandboxRuntime),
            ("sandbox.memoryBytes", sandboxMemoryBytes),
            ("sandbox.maximumMemoryBytes", sandboxMaximumMemoryBytes),
            ("sandbox.processes", sandboxProcesses),
            ("sandbox.maximumProcesses", sandboxMaximumProcesses),
            ("sandbox.processors", sandboxProcessors),
            ("sandbox.maximumProcessors", sandboxMaximumProcessors),
            ("sandbox.diskBytes", sandboxDiskBytes),
            ("sandbox.maximumDiskBytes", sandboxMaximumDiskBytes),
            ("sandbox.stepSeconds", sandboxStepSeconds),
            ("sandbox.maximumStepSeconds", sandboxMaximumStepSeconds),
            ("sandbox.outputBytes", sandboxOutputBytes),
            ("sandbox.allowPrivate", sandboxAllowPrivate),
            ("sandbox.minimumFreeBytes", sandboxMinimumFreeBytes),
            ("sandbox.caBundle", sandboxCaBundle),
            ("sandbox.subordinateIDs", sandboxSubordinateIDs),
            ("sandbox.runtimeDirectory", sandboxRuntimeDirectory),
            ("steps.memoScope", stepsMemoScope),
            ("steps.layerBytes", stepsLayerBytes),
            ("steps.imageBytes", stepsImageBytes),
            ("steps.cacheBytes", stepsCacheBytes),
            ("steps.cacheTotalBytes", stepsCacheTotalBytes),
            ("steps.hosts", stepsHosts),
            ("steps.openHosts", stepsOpenHosts),
            ("steps.environment", stepsEnvironment),
            ("steps.secretsDirectory", stepsSecretsDirectory),
            ("image.platform", imagePlatform),
            ("layers.compression", layersCompression),
            ("layers.maximum", layersMaximum),
            ("layers.threads", layersThreads),
            ("layers.memberBytes", layersMemberBytes),
            ("layers.attributes", layersAttributes),
            ("registries.push", registriesPush),
            ("registries.mirrors", registriesMirrors),
            ("registries.layouts", registriesLayouts),
            ("registries.plainHTTP", registriesPlainHttp),
            ("registries.certificateAuthorityFiles", registriesCertificateAuthorityFiles),
            ("registries.credentials", registriesCredentials),
            ("registries.credentialFiles", registriesCredentialFiles),
            ("registries.clientCertificateFiles", registriesClientCertificateFiles),
            ("registries.insecure", registriesInsecure),
            ("registries.zstd", registriesZstd),
            ("registries.openImages", registriesOpenImages),
            ("registries.hiddenTLS", registriesHiddenTLS),
            ("registries.chunkBytes", registriesChunkBytes),
            ("kubernetes.enabled", kubernetesEnabled),
            ("kubernetes.kubeconfig", kubernetesKubeconfig),
            ("kubernetes.context", kubernetesContext),
            ("kubernetes.namespace", kubernetesNamespace),
            ("kubernetes.template", kubernetesTemplate),
            ("kubernetes.platform", kubernetesPlatform),
            ("kubernetes.rolloutSeconds", kubernetesRolloutSeconds),
            ("kubernetes.progressSeconds", kubernetesProgressSeconds),
            ("kubernetes.rollBack", kubernetesRollBack),
            ("kubernetes.prune", kubernetesPrune),
            ("kubernetes.imagePullSecrets", kubernetesImagePullSecrets),
            ("kubernetes.ingressClass", kubernetesIngressClass),
            ("kubernetes.ingressAnnotations", kubernetesIngressAnnotations),
            ("kubernetes.createNamespace", kubernetesCreateNamespace),
            ("kubernetes.renderDirectory", kubernetesRenderDirectory),
        ]
        var flags: [String: String] = [:]
        for (path, value) in given {
            if let value, let key = SettingKey.at(path) { flags[key.flag] = value }
        }
        return flags
    }
}

extension ArgumentHelp {
    /// The words of the configuration's own table.
    static func setting(_ path: String) -> ArgumentHelp {
        guard let key = SettingKey.at(path) else { return "" }
        let fallback = key.defaultText ?? key.defaultSummary
        let summary = key.summary + (fallback.map { " (default: \($0))" } ?? "")
        return ArgumentHelp(stringLiteral: summary)
    }
}
