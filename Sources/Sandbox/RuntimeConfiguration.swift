internal import BuildModel
internal import Glibc

/// The OCI runtime configuration of a step: runtime-spec, config.md. Paths are those of the helper's own /tmp, see its mounts.c.
struct RuntimeConfiguration {
    let step: SandboxedStep
    /// The variables of the command, all of them.
    let environment: [String: String]
    /// The id, in the namespace that the runtime is started in, of the step's id 0.
    let idBase: UInt32
    /// The small files that are mounted, by their path in the step.
    let files: StepFiles
    /// Where a runtime puts its own group that makes one in any case; nil for those that make none.
    let groupPath: String?
    /// The most bytes of one file; nil where a disk bounds all of them.
    let fileBytes: Int64?

    static let hostName = "slipway"

    var json: JSONValue {
        [
            "ociVersion": "1.0.2",
            "hostname": .string(Self.hostName),
            "root": ["path": "/tmp/root", "readonly": false],
            "process": process,
            "mounts": .array(mounts),
            "linux": linux,
        ]
    }

    private var process: JSONValue {
        let variables = environment.sorted { $0.key < $1.key }.map { JSONValue.string("\($0.key)=\($0.value)") }
        return [
            "terminal": false,
            "user": ["uid": 0, "gid": 0],
            "args": .array(step.step.arguments.map { .string($0) }),
            "env": .array(variables),
            "cwd": .string(step.step.workingDirectory),
            "capabilities": Capabilities(of: step.step.kind).json,
            "noNewPrivileges": true,
            // The kernel, short of memory, ends steps before anything else.
            "oomScoreAdj": 500,
            "rlimits": .array(resourceLimits),
        ]
    }

    private var resourceLimits: [JSONValue] {
        let limits = [("NOFILE", Self.openFiles), ("CORE", 0)] + (fileBytes.map { [("FSIZE", $0)] } ?? [])
        return limits.map { name, value in
            ["type": .string("RLIMIT_\(name)"), "hard": .integer(value), "soft": .integer(value)]
        }
    }

    /// Hard limits may only go down: raising them needs a capability that workers in containers lack.
    private static let openFiles: Int64 = {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int64(min(limit.rlim_max, 65536))
    }()

    private var linux: JSONValue {
        let map: JSONValue = [
            ["containerID": 0, "hostID": .integer(Int64(idBase)), "size": .integer(Int64(IdentityRanges.width))]
        ]
        // The network and the outer process namespace are the helper's, and belong to nobody inside.
        let namespaces = ["user", "pid", "mount", "ipc", "uts", "cgroup"].map {
            JSONValue.object(["type": .string($0)])
        }
        var linux: JSONValue = [
            "uidMappings": map,
            "gidMappings": map,
            "namespaces": .array(namespaces),
            "seccomp": SystemCallFilter.json,
            "maskedPaths": .array(Self.masked.map { .string($0) }),
            "readonlyPaths": .array(Self.readOnly.map { .string($0) }),
        ]
        if let groupPath { linux["cgroupsPath"] = .string(groupPath) }
        return linux
    }

    private static let masked = [
        "/proc/acpi", "/proc/asound", "/proc/config.gz", "/proc/diskstats", "/proc/interrupts", "/proc/kallsyms",
        "/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/kmsg", "/proc/latency_stats", "/proc/modules",
        "/proc/partitions", "/proc/sched_debug", "/proc/scsi", "/proc/slabinfo", "/proc/timer_list",
        "/proc/timer_stats", "/proc/vmallocinfo", "/sys/firmware",
    ]

    private static let readOnly = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
}
