import BuildModel
import Documents
import Platform
import Sandbox

/// What `slipway-step` is told: `lowers`, `scratch`, `command`, `helper`, `runtimeDirectory`, `groupName`, `idStart`, and
/// optionally `runtime`, `diskBytes`, `memoryBytes`, `processes`, `egress`, `allowed`, `allowsPrivate`, `repetitions`, `beside`,
/// `pauseMilliseconds`, `secrets` and `caches` by name, `kind`, `environment`, and `layer` with `outputs`.
struct StepOrder {
    var step: BuildStep
    var lowers: [String]
    var scratch: String
    var settings: SandboxSettings
    var repetitions: Int
    /// Whether they run at the same time.
    var runsBeside: Bool
    /// Between one and the next.
    var pause: Duration
    var secrets: [String: Redacted<String>]
    /// Directories, shown at `/cache/NAME`.
    var caches: [StepCache]
    var environment: [String: String]
    /// The path of a file that gets what the step has left of its outputs, as a layer.
    var layer: String?

    init(_ text: String) throws {
        let json = try JSONDocument.parse(text)
        func strings(_ name: String) -> [String] { json[name]?.array?.compactMap(\.string) ?? [] }
        scratch = json["scratch"]?.string ?? ""
        lowers = strings("lowers")
        repetitions = Int(json["repetitions"]?.integer ?? 1)
        runsBeside = json["beside"]?.bool ?? false
        pause = .milliseconds(json["pauseMilliseconds"]?.integer ?? 0)
        secrets = (json["secrets"]?.object ?? [:]).compactMapValues { $0.string.map { Redacted($0) } }
        caches = (json["caches"]?.object ?? [:]).compactMap { name, value in
            value.string.map { StepCache(CacheMount(name: name, path: "/cache/\(name)"), directory: $0) }
        }
        environment = (json["environment"]?.object ?? [:]).compactMapValues(\.string)
        layer = json["layer"]?.string
        settings = SandboxSettings(
            runtimeDirectory: json["runtimeDirectory"]?.string ?? "",
            cacheDirectory: "\(scratch)/disks"
        )
        settings.helper = json["helper"]?.string
        settings.runtime = json["runtime"]?.string
        settings.groupName = json["groupName"]?.string ?? "slipway-step"
        if let start = json["idStart"]?.integer {
            settings.identities = IdentityRange(start: UInt32(start), count: 16 * 65536)
        }
        settings.allowedHosts = strings("allowed")
        settings.allowsPrivate = json["allowsPrivate"]?.bool ?? false
        step = BuildStep(
            name: "step",
            kind: json["kind"]?.string.flatMap(BuildStep.Kind.init(rawValue:)) ?? .build,
            image: try ImageReference(parsing: "docker.io/library/test:1"),
            arguments: strings("command"),
            command: strings("command").joined(separator: " "),
            source: "test",
            workingDirectory: "/"
        )
        step.outputs = strings("outputs").map { StepOutput(path: $0) }
        step.limits.diskBytes = json["diskBytes"]?.integer
        step.limits.memoryBytes = json["memoryBytes"]?.integer
        step.limits.processes = json["processes"]?.integer.map { Int($0) }
        if json["egress"] != nil { step.network = .egress(strings("egress")) }
    }
}
