extension WorkerSettings {
    /// `steps`: what is remembered and kept of build steps, and what they are given.
    package struct Steps: Sendable, Hashable {
        /// `project`, `organization` or `farm`.
        package var memoScope: String
        package var layerBytes: Int
        package var imageBytes: Int
        /// Bytes of one cache, and of all.
        package var cacheBytes: Int
        package var cacheTotalBytes: Int
        /// `HOST:PORT`.
        package var hosts: [String]
        package var openHosts: [String]
        package var environment: [String: String]
        package var secretsDirectory: String?
    }
}

extension WorkerSettings.Steps {
    init(_ values: SettingValues) {
        memoScope = values.text("steps.memoScope") ?? "project"
        imageBytes = values.integer("steps.imageBytes")
        layerBytes = values.integer("steps.layerBytes")
        cacheBytes = values.integer("steps.cacheBytes")
        cacheTotalBytes = values.integer("steps.cacheTotalBytes")
        hosts = values.list("steps.hosts") ?? []
        openHosts = values.list("steps.openHosts") ?? []
        environment = values.map("steps.environment")
        secretsDirectory = values.text("steps.secretsDirectory")
    }
}
