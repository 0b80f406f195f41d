extension SettingKey {
    /// Every key, in the order of the reference: the worker, the queue, the build, and what they talk to.
    package static let all: [SettingKey] = worker + queue + sources + sandbox + steps + targets

    /// The key at `path`, or nil.
    package static func at(_ path: String) -> SettingKey? { byPath[path] }

    static let byPath = Dictionary(all.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })

    /// The sections of the file, in the order of the table.
    static let sections: [String] = all.map(\.parts.section).reduce(into: []) { sections, section in
        if !section.isEmpty && !sections.contains(section) { sections.append(section) }
    }
}

extension SettingKey {
    private static let worker: [SettingKey] = [
        SettingKey(
            "farm",
            .text(.name),
            default: "farm",
            "The farm that this worker belongs to: part of every key in Redis."
        ),
        SettingKey(
            "cacheDirectory",
            .text(.path),
            or: "$CACHE_DIRECTORY (set by systemd), else $XDG_CACHE_HOME/slipway, else ~/.cache/slipway",
            example: "/var/cache/slipway",
            "Where mirrors of repositories, base images and remembered layers are kept. Safe to delete while no worker runs."
        ),
        SettingKey(
            "worker.name",
            .text(.name),
            or: "the host's name",
            example: "builder-1",
            "The name under which this worker claims jobs; no two workers of a farm may share one."
        ),
        SettingKey("worker.slots", .integer(1...256, unit: "builds"), default: "2", "How many builds run at once."),
        SettingKey(
            "worker.labels",
            .map(.any),
            or: "none",
            example: "zone=a,disk=ssd",
            "What this node is; a build that names labels runs only on nodes that have all of them."
        ),
        SettingKey(
            "worker.minimumFreeBytes",
            .integer(0...1_099_511_627_776, unit: "bytes"),
            default: "1073741824",
            "With less room than this in cacheDirectory the worker takes no builds until there is more, and gives back what fails meanwhile."
        ),
        SettingKey(
            "worker.acceptedRisks",
            .list(.name),
            or: "none",
            example: "redis.persistence",
            "Checks of slipway doctor whose problems are accepted: the worker starts all the same, and says so."
        ),
        SettingKey(
            "log.format",
            .choice(["auto", "text", "json"]),
            default: "auto",
            "How the worker's own log looks; auto is text on a terminal and JSON otherwise."
        ),
        SettingKey(
            "log.level",
            .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
            default: "info",
            "The least severe messages that are logged."
        ),
    ]

    private static let queue: [SettingKey] = [
        SettingKey(
            "redis.url",
            .text(.redisURL),
            default: "redis://127.0.0.1:6379/0",
            "The Redis that holds the queue. With TLS rediss://, behind Sentinels redis-sentinel://host,host/PRIMARY, as a cluster redis-cluster://host,host. A password never goes here: see passwordFile."
        ),
        SettingKey(
            "redis.passwordFile",
            .text(.path),
            or: "no password",
            example: "/etc/slipway/redis-password",
            isSecretFile: true,
            "A file with the password for Redis."
        ),
        SettingKey(
            "redis.sentinelPasswordFile",
            .text(.path),
            or: "no password",
            example: "/etc/slipway/sentinel-password",
            isSecretFile: true,
            "A file with the password of the Sentinels themselves."
        ),
        SettingKey(
            "redis.certificateAuthorityFile",
            .text(.path),
            or: "the system's authorities",
            example: "/etc/slipway/redis-ca.pem",
            "Certificate authorities (PEM) that are trusted to sign Redis' certificate."
        ),
        SettingKey(
            "redis.clientCertificateFile",
            .text(.path),
            or: "none",
            example: "/etc/slipway/redis-client.pem",
            "The worker's own certificate (PEM), for a Redis that wants one. Read with every new connection."
        ),
        SettingKey(
            "redis.clientKeyFile",
            .text(.path),
            or: "the certificate's file",
            example: "/etc/slipway/redis-client.key",
            isSecretFile: true,
            "The key of that certificate (PEM)."
        ),
        SettingKey(
            "queue.leaseSeconds",
            .integer(5...3600, unit: "seconds"),
            default: "30",
            "How long a job stays with a worker that no longer renews its lease."
        ),
        SettingKey(
            "queue.renewSeconds",
            .integer(1...1200, unit: "seconds"),
            default: "10",
            "How often leases are renewed; at most half of leaseSeconds, so that one lost renewal loses no job."
        ),
        SettingKey(
            "queue.retentionDays",
            .integer(1...3650, unit: "days"),
            default: "7",
            "How long the status and log of a finished build stay in Redis."
        ),
        SettingKey(
            "queue.retentionDaysByState",
            .map(.any),
            or: "as retentionDays",
            example: "SUCCESS=2,FAILED=7",
            "How long builds of a state (SUCCESS, FAILED, CANCELLED) stay, where that is less than retentionDays."
        ),
        SettingKey(
            "queue.retentionCountByState",
            .map(.any),
            or: "SUCCESS=10000,FAILED=10000,CANCELLED=10000",
            example: "SUCCESS=50000,CANCELLED=1000",
            "How many builds of a state stay; the oldest are forgotten first. 0 for any number."
        ),
        SettingKey(
            "queue.logBytes",
            .integer(65536...1_073_741_824, unit: "bytes"),
            default: "16777216",
            "The most log text kept for one build; what is dropped is marked in the log."
        ),
        SettingKey(
            "queue.logLines",
            .integer(100...10_000_000, unit: "lines"),
            default: "100000",
            "The most log lines kept for one build."
        ),
        SettingKey(
            "queue.farmLogBytes",
            .integer(1_048_576...1_125_899_906_842_624, unit: "bytes"),
            default: "4294967296",
            "The most log kept of all builds together that have ended; the logs of those that ended first are removed first."
        ),
        SettingKey(
            "queue.tenantLimit",
            .integer(0...100_000, unit: "builds"),
            default: "0",
            "How many builds of one organizationId run at once in the whole farm; 0 for any number."
        ),
        SettingKey(
            "queue.projectLimit",
            .integer(0...100_000, unit: "builds"),
            default: "1",
            "How many builds that deploy one project run at once in the whole farm; 1 keeps them in order, 0 is any number."
        ),
        SettingKey(
            "queue.tenantWeights",
            .map(.any),
            or: "all alike",
            example: "acme=3",
            "How many turns an organizationId gets where others get one; whole numbers from 1 to 1000."
        ),
    ]
}
