package import Platform

/// The whole configuration of a worker, checked. Made by `load`, from flags, the environment, a file and defaults.
package struct WorkerSettings: Sendable, Hashable {
    package var farm: String
    package var worker: Worker
    /// Mirrors, base images, memos.
    package var cacheDirectory: String
    package var log: Log
    package var redis: Redis
    package var queue: Queue
    package var build: Build
    package var git: Git
    package var buildpacks: Buildpacks
    package var image: Image
    package var sandbox: Sandbox
    package var layers: Layers
    package var steps: Steps
    package var registries: Registries
    package var kubernetes: Kubernetes
    /// Where each key's value came from, by path.
    package var origins: [String: SettingOrigin]
    /// Things worth telling the operator that do not stop the worker.
    package var warnings: [SettingsProblem]
}

extension WorkerSettings {
    /// `worker`: this node.
    package struct Worker: Sendable, Hashable {
        package var name: String
        /// Builds at once.
        package var slots: Int
        package var labels: [String: String]
        /// With less room in `cacheDirectory` no build is taken.
        package var minimumFreeBytes: Int
        /// Names of checks whose problems do not keep the worker from starting.
        package var acceptedRisks: [String]
    }

    /// `log`: the worker's own log.
    package struct Log: Sendable, Hashable {
        /// How lines look.
        package enum Format: String, Sendable, Hashable {
            case auto, text, json
        }

        package var format: Format
        /// The name of a level of swift-log.
        package var level: String
    }

    /// `redis`: where the queue is.
    package struct Redis: Sendable, Hashable {
        /// Without a password.
        package var url: String
        package var password: Redacted<String>?
        package var sentinelPassword: Redacted<String>?
        package var certificateAuthorityFile: String?
        package var clientCertificateFile: String?
        package var clientKeyFile: String?
    }

    /// `queue`: leases, and what is kept of builds.
    package struct Queue: Sendable, Hashable {
        package var lease: Duration
        package var renewal: Duration
        package var retention: Duration
        /// Days and numbers of builds by the name of their state; 0 for any number.
        package var retentionDays: [String: Int]
        package var retentionCount: [String: Int]
        /// Bytes and lines kept of one build's log.
        package var logBytes: Int
        package var logLines: Int
        /// Bytes kept of the logs of all builds together that have ended.
        package var farmLogBytes: Int
        /// Builds at once in the farm by tenant, and by project that they deploy; 0 for any number.
        package var tenantLimit: Int
        package var projectLimit: Int
        /// Turns of a tenant where others have one.
        package var tenantWeights: [String: Int]
    }

    /// `build`: time for builds.
    package struct Build: Sendable, Hashable {
        package var timeout: Duration
        /// How long running builds may go on after the worker was asked to stop.
        package var drain: Duration
    }

    /// `git`: repositories.
    package struct Git: Sendable, Hashable {
        package var allowsFile: Bool
        /// Empty for every host; `*.example.org` stands for all hosts below.
        package var allowedHosts: [String]
        /// `anonymous`, `trusted` or `refuse`.
        package var submodules: String
        /// `fetch`, `refuse` or `keep`.
        package var largeFiles: String
        package var credentials: [Credential]
        package var sshKeyFile: String?
        package var knownHostsFile: String?
        package var certificateAuthorityFile: String?
        package var maximumBytes: Int
        package var cacheBytes: Int
        package var timeout: Duration
    }

    /// `buildpacks`: the rules.
    package struct Buildpacks: Sendable, Hashable {
        package var directory: String
    }

    /// `image`: what is made.
    package struct Image: Sendable, Hashable {
        /// An OCI platform such as `linux/amd64`; nil for this node's.
        package var platform: String?
    }

    /// `layers`: how layers are compressed.
    package struct Layers: Sendable, Hashable {
        /// `fast`, `balanced` or `small`.
        package var compression: String
        /// The most layers that a source becomes.
        package var maximum: Int
        /// 0 for one per core.
        package var threads: Int
        /// Disk for compressed members; 0 keeps none.
        package var memberBytes: Int
        /// `tell` or `refuse`.
        package var attributes: String
    }
}
