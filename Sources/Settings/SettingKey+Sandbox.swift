extension SettingKey {
    /// The sandbox of build steps.
    static let sandbox: [SettingKey] = [
        SettingKey(
            "sandbox.runtime",
            .text(.path),
            or: "crun, else runc, in the usual directories",
            example: "/usr/bin/crun",
            "The OCI runtime that build steps are started with."
        ),
        SettingKey(
            "sandbox.memoryBytes",
            .integer(16_777_216...1_099_511_627_776, unit: "bytes"),
            default: "2147483648",
            "How much memory a build step has whose plan does not say."
        ),
        SettingKey(
            "sandbox.maximumMemoryBytes",
            .integer(16_777_216...1_099_511_627_776, unit: "bytes"),
            default: "8589934592",
            "The most memory that a build step may have, whatever its plan says."
        ),
        SettingKey(
            "sandbox.processes",
            .integer(1...4_000_000, unit: "processes"),
            default: "2048",
            "How many processes and threads a build step has whose plan does not say."
        ),
        SettingKey(
            "sandbox.maximumProcesses",
            .integer(1...4_000_000, unit: "processes"),
            default: "16384",
            "The most processes and threads that a build step may have."
        ),
        SettingKey(
            "sandbox.processors",
            .integer(1...1024, unit: "cores"),
            default: "2",
            "How many cores' worth of time a build step has whose plan does not say."
        ),
        SettingKey(
            "sandbox.maximumProcessors",
            .integer(1...1024, unit: "cores"),
            default: "64",
            "The most cores that a build step may have."
        ),
        SettingKey(
            "sandbox.diskBytes",
            .integer(4_194_304...17_592_186_044_416, unit: "bytes"),
            default: "10737418240",
            "How much a build step may write whose plan does not say, /tmp included."
        ),
        SettingKey(
            "sandbox.maximumDiskBytes",
            .integer(4_194_304...17_592_186_044_416, unit: "bytes"),
            default: "68719476736",
            "The most that a build step may write."
        ),
        SettingKey(
            "sandbox.minimumFreeBytes",
            .integer(0...1_099_511_627_776, unit: "bytes"),
            default: "1073741824",
            "Build steps are ended, and tried again later, when the disk of cacheDirectory has less left for the worker."
        ),
        SettingKey(
            "sandbox.stepSeconds",
            .integer(1...86400, unit: "seconds"),
            default: "1200",
            "How long a build step may take whose plan does not say; build.timeoutSeconds bounds all of them together."
        ),
        SettingKey(
            "sandbox.maximumStepSeconds",
            .integer(1...86400, unit: "seconds"),
            default: "7200",
            "The longest that a build step may take."
        ),
        SettingKey(
            "sandbox.outputBytes",
            .integer(65536...1_073_741_824, unit: "bytes"),
            default: "16777216",
            "How much of a build step's output goes to the log; the rest is read and dropped, and the log says so."
        ),
        SettingKey(
            "sandbox.allowPrivate",
            .bool,
            default: "false",
            "Whether names that steps.hosts names, and registries of images that repositories name, can lead to private addresses, as mirrors in a closed network do; this node itself has to be named, '*' is not enough. Link-local addresses, where clouds hand out credentials, never are."
        ),
        SettingKey(
            "sandbox.caBundle",
            .text(.path),
            or: "this node's",
            example: "/etc/ssl/certs/ca-certificates.crt",
            "A PEM file with the certificate authorities that build steps trust; package managers are told of it."
        ),
        SettingKey(
            "sandbox.subordinateIDs",
            .text(.idRange),
            or:
                "what /etc/subuid and /etc/subgid say of root; without an entry 1879048192:16777216",
            example: "524288:1048576",
            "Ids of this node that steps of a worker that is root run under, START:COUNT; each that runs takes 65536 of them."
        ),
        SettingKey(
            "sandbox.runtimeDirectory",
            .text(.path),
            or: "/run/slipway for root, else $XDG_RUNTIME_DIR/slipway, else run in cacheDirectory",
            example: "/run/slipway",
            "Where the processes of this node agree on who uses which ids: the same for all of them."
        ),
    ]
}
