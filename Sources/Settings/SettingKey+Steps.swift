extension SettingKey {
    /// The steps of builds: what is remembered and kept of them, and what they are given.
    static let steps: [SettingKey] = [
        SettingKey(
            "steps.memoScope",
            .choice(["project", "organization", "farm"]),
            default: "project",
            "Whose steps share their results: builds of one project, of one organizationId, or all of the farm. Only widen it among those who trust each other's commands."
        ),
        SettingKey(
            "steps.layerBytes",
            .integer(0...1_099_511_627_776, unit: "bytes"),
            default: "8589934592",
            "How much disk remembered results of steps may take in cacheDirectory; those that were not used the longest go first."
        ),
        SettingKey(
            "steps.imageBytes",
            .integer(0...1_099_511_627_776, unit: "bytes"),
            default: "21474836480",
            "How much disk unpacked images that steps run in may take; those that no step has used the longest go first."
        ),
        SettingKey(
            "steps.cacheBytes",
            .integer(0...1_099_511_627_776, unit: "bytes"),
            default: "4294967296",
            "How large one cache of a package manager may grow; one that is larger is emptied after the step."
        ),
        SettingKey(
            "steps.cacheTotalBytes",
            .integer(0...1_099_511_627_776, unit: "bytes"),
            default: "21474836480",
            "How much disk the caches of all projects may take; those that were not used the longest go first."
        ),
        SettingKey(
            "steps.hosts",
            .list(.any),
            default: "*:443",
            "What steps that fetch packages may reach beside what their rules name, as HOST:PORT; a host may begin with '*.' or be '*'. Private addresses only where they are named here. Narrow it to the hosts of your package indexes."
        ),
        SettingKey(
            "steps.openHosts",
            .list(.any),
            or: "none",
            example: "apt.example:80",
            "What a slipway.yaml may name for its steps beside steps.hosts, as HOST:PORT; '*:*' is everything. Never private addresses. What rules name needs no leave."
        ),
        SettingKey(
            "steps.environment",
            .map(.any),
            or: "none",
            example: "PIP_INDEX_URL=https://packages.example.org/simple",
            "Variables for every step, such as where package managers find a mirror. Never secrets: they are part of what results are remembered by."
        ),
        SettingKey(
            "steps.secretsDirectory",
            .text(.path),
            or: "no secrets",
            example: "/etc/slipway/secrets",
            "Where the values of buildSecrets are: the file <projectId>/<name>."
        ),
    ]
}
