internal import BuildModel
internal import Platform

extension WorkerSettings {
    /// Reads the configuration: flags before the environment, that before the file, that before the defaults.
    ///
    /// - Parameters:
    ///   - file: the path of a YAML file, or nil for none.
    ///   - environment: the process's variables, by name.
    ///   - flags: values of flags that were given, by `SettingKey.flag`.
    ///   - node: what defaults depend on.
    /// - Throws: everything that is wrong, not only the first; also values that something else overrides.
    package static func load(
        file: String?,
        environment: [String: String],
        flags: [String: String] = [:],
        node: NodeFacts = .current
    ) throws(SettingsProblems) -> WorkerSettings {
        let source = file.map { SettingsFile(path: $0) }
        var values = SettingValues(file: source, environment: environment, flags: flags)
        let files = SecretFiles(credentialsDirectory: environment["CREDENTIALS_DIRECTORY"])
        let settings = WorkerSettings(&values, files: files, environment: environment, node: node)
        values.checkAgainstEachOther()
        guard values.problems.isEmpty else { throw SettingsProblems(values.problems) }
        return settings
    }

    init(_ values: inout SettingValues, files: SecretFiles, environment: [String: String], node: NodeFacts) {
        let cache = values.text("cacheDirectory") ?? node.cacheDirectory(environment: environment)
        self.init(
            farm: values.text("farm") ?? "",
            worker: Worker(
                name: values.text("worker.name") ?? node.hostName,
                slots: values.integer("worker.slots"),
                labels: values.map("worker.labels"),
                minimumFreeBytes: values.integer("worker.minimumFreeBytes"),
                acceptedRisks: values.list("worker.acceptedRisks") ?? []
            ),
            cacheDirectory: cache,
            log: Log(values),
            redis: Redis(&values, files: files),
            queue: Queue(&values),
            build: Build(timeout: values.seconds("build.timeoutSeconds"), drain: values.seconds("build.drainSeconds")),
            git: Git(&values, files: files),
            buildpacks: Buildpacks(directory: values.text("buildpacks.directory") ?? node.buildpackDirectory()),
            image: Image(platform: values.text("image.platform")),
            sandbox: Sandbox(&values, cacheDirectory: cache, environment: environment),
            layers: Layers(
                compression: values.text("layers.compression") ?? "balanced",
                maximum: values.integer("layers.maximum"),
                threads: values.integer("layers.threads"),
                memberBytes: values.integer("layers.memberBytes"),
                attributes: values.text("layers.attributes") ?? "tell"
            ),
            steps: Steps(values),
            registries: Registries(&values, files: files, cacheDirectory: cache, environment: environment),
            kubernetes: Kubernetes(&values, files: files),
            origins: values.origins,
            warnings: values.warnings
        )
    }
}

extension WorkerSettings.Redis {
    init(_ values: inout SettingValues, files: SecretFiles) {
        url = values.text("redis.url") ?? ""
        password = values.secret("redis.passwordFile", files)
        sentinelPassword = values.secret("redis.sentinelPasswordFile", files)
        certificateAuthorityFile = values.existingFile("redis.certificateAuthorityFile")
        clientCertificateFile = values.existingFile("redis.clientCertificateFile")
        clientKeyFile = values.secretPath("redis.clientKeyFile", files)
        let names = ["redis.certificateAuthorityFile", "redis.clientCertificateFile", "redis.clientKeyFile"]
        for name in names where values.text(name) != nil && !url.hasPrefix("rediss") {
            values.report(name, "TLS is not used: redis.url has to begin with rediss.")
        }
    }
}

extension WorkerSettings.Log {
    init(_ values: SettingValues) {
        format = Format(rawValue: values.text("log.format") ?? "") ?? .auto
        level = values.text("log.level") ?? "info"
    }
}

extension WorkerSettings.Queue {
    init(_ values: inout SettingValues) {
        lease = values.seconds("queue.leaseSeconds")
        renewal = values.seconds("queue.renewSeconds")
        retention = .seconds(values.integer("queue.retentionDays") * 86400)
        logBytes = values.integer("queue.logBytes")
        logLines = values.integer("queue.logLines")
        farmLogBytes = values.integer("queue.farmLogBytes")
        tenantLimit = values.integer("queue.tenantLimit")
        projectLimit = values.integer("queue.projectLimit")
        let days = 1...max(1, values.integer("queue.retentionDays"))
        retentionDays = values.byState("queue.retentionDaysByState", days, "days")
        let counts = values.byState("queue.retentionCountByState", 0...10_000_000, "builds")
        let usual = ["SUCCESS", "FAILED", "CANCELLED"].map { ($0, 10_000) }
        retentionCount = Dictionary(uniqueKeysWithValues: usual).merging(counts) { _, given in given }
        tenantWeights = [:]
        for (tenant, text) in values.map("queue.tenantWeights").sorted(by: { $0.key < $1.key }) {
            if let weight = Int(text), (1...1000).contains(weight) {
                tenantWeights[tenant] = weight
            } else {
                values.report("queue.tenantWeights", "the weight of '\(tenant)' must be a whole number from 1 to 1000.")
            }
        }
    }
}

extension SettingValues {
    /// Whole numbers within a range, by the state of a build that has ended.
    fileprivate mutating func byState(_ path: String, _ range: ClosedRange<Int>, _ unit: String) -> [String: Int] {
        var numbers: [String: Int] = [:]
        for (state, text) in map(path).sorted(by: { $0.key < $1.key }) {
            if BuildState(rawValue: state)?.isTerminal != true {
                report(path, "'\(state)' is none of SUCCESS, FAILED and CANCELLED.")
            } else if let number = Int(text), range.contains(number) {
                numbers[state] = number
            } else {
                let bounds = "from \(range.lowerBound) to \(range.upperBound) (\(unit))"
                report(path, "the value of '\(state)' must be a whole number \(bounds).")
            }
        }
        return numbers
    }
}

extension WorkerSettings.Git {
    init(_ values: inout SettingValues, files: SecretFiles) {
        allowsFile = values.bool("git.allowFile")
        allowedHosts = values.list("git.allowedHosts") ?? []
        submodules = values.text("git.submodules") ?? "anonymous"
        largeFiles = values.text("git.lfs") ?? "fetch"
        credentials = values.credentials("git.credentials", files)
        sshKeyFile = values.secretPath("git.sshKeyFile", files)
        knownHostsFile = values.existingFile("git.knownHostsFile")
        certificateAuthorityFile = values.existingFile("git.certificateAuthorityFile")
        maximumBytes = values.integer("git.maximumBytes")
        cacheBytes = values.integer("git.cacheBytes")
        timeout = values.seconds("git.timeoutSeconds")
    }
}

extension WorkerSettings.Registries {
    init(
        _ values: inout SettingValues,
        files: SecretFiles,
        cacheDirectory: String,
        environment: [String: String]
    ) {
        push = values.text("registries.push") ?? ""
        zstd = values.list("registries.zstd") ?? []
        openImages = values.list("registries.openImages") ?? []
        mirrors = values.lists("registries.mirrors")
        layouts = values.list("registries.layouts") ?? ["\(cacheDirectory)/base-images"]
        plainHTTP = values.list("registries.plainHTTP") ?? []
        certificateAuthorityFiles = values.map("registries.certificateAuthorityFiles")
        credentials = values.credentials("registries.credentials", files)
        credentialFiles =
            values.list("registries.credentialFiles")?.map(files.path) ?? Self.usualCredentialFiles(environment)
        clientCertificateFiles = values.map("registries.clientCertificateFiles").mapValues(files.path)
        insecure = values.list("registries.insecure") ?? []
        hiddenTLS = values.list("registries.hiddenTLS") ?? []
        chunkBytes = values.map("registries.chunkBytes").compactMapValues { Int64($0) }
        for file in clientCertificateFiles.values.sorted() where !Files.exists(file) {
            values.report("registries.clientCertificateFiles", "there is no file '\(file)'.")
        }
        for file in certificateAuthorityFiles.values.sorted() where !Files.exists(file) {
            values.report("registries.certificateAuthorityFiles", "there is no file '\(file)'.")
        }
    }
}

extension WorkerSettings.Registries {
    /// Where podman, skopeo and docker keep what their login left: containers-auth.json(5).
    private static func usualCredentialFiles(_ environment: [String: String]) -> [String] {
        let docker = environment["DOCKER_CONFIG"] ?? environment["HOME"].map { "\($0)/.docker" }
        return [
            environment["REGISTRY_AUTH_FILE"], environment["XDG_RUNTIME_DIR"].map { "\($0)/containers/auth.json" },
            docker.map { "\($0)/config.json" },
        ].compactMap { $0 }
    }
}

extension WorkerSettings.Kubernetes {
    init(_ values: inout SettingValues, files: SecretFiles) {
        kubeconfig = values.secretPath("kubernetes.kubeconfig", files)
        context = values.text("kubernetes.context")
        namespace = values.text("kubernetes.namespace")
        template = values.text("kubernetes.template")
        platform = values.text("kubernetes.platform") ?? ""
        rolloutLimit = values.seconds("kubernetes.rolloutSeconds")
        progressDeadline = values.seconds("kubernetes.progressSeconds")
        rollsBack = values.bool("kubernetes.rollBack")
        prunes = values.bool("kubernetes.prune")
        imagePullSecrets = values.list("kubernetes.imagePullSecrets") ?? []
        ingressClass = values.text("kubernetes.ingressClass")
        ingressAnnotations = [:]
        for text in values.list("kubernetes.ingressAnnotations") ?? [] {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if parts.count == 2, !parts[0].isEmpty {
                ingressAnnotations[parts[0]] = parts[1]
            } else {
                values.report("kubernetes.ingressAnnotations", "'\(text)' is not name=value.")
            }
        }
        createsNamespace = values.bool("kubernetes.createNamespace")
        renderDirectory = values.text("kubernetes.renderDirectory")
        let choice = values.text("kubernetes.enabled")
        isEnabled = choice == "true" || (choice != "false" && kubeconfig != nil)
    }
}
