/// One command of a plan, run in a sandbox. What it sees and what remains of it are declared, so that its result can be remembered.
///
/// Steps run in the order of the plan. A step sees the layers of its image, then the outputs of the steps before it, then
/// its inputs below `workingDirectory`; of what it changes only `outputs` remain.
package struct BuildStep: Sendable, Hashable, Codable {
    /// What a step is for; decides its defaults and what its log lines are called.
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// Installs packages of the operating system; the only kind that gets capabilities.
        case system
        /// Installs dependencies.
        case install
        /// Makes what runs from the source.
        case build
    }

    /// Unique within the plan, such as `install` or `build`.
    package var name: String
    package var kind: Kind
    /// The image that the step runs in, by the name that the rule gives it.
    package var image: ImageReference
    /// Who names the image.
    package var imageOrigin = PlanOrigin.rule
    /// What a lock holds the image to; no part of the plan's digest.
    package var imageDigest: Digest?
    /// The argument vector; `/bin/sh -c TEXT` where the command needs a shell.
    package var arguments: [String]
    /// The command as it was written, for logs and plans.
    package var command: String
    /// Where the command came from: `request`, `rule python`.
    package var source: String
    /// Absolute path in the sandbox, where inputs are put and the command starts.
    package var workingDirectory: String
    package var inputs: StepInputs
    /// Empty for a step that only checks something.
    package var outputs: [StepOutput]
    package var caches: [CacheMount]
    /// Beside what the image's config says.
    package var environment: [String: String]
    /// Names of the request's secrets that this step gets, as variables; no other step sees them.
    package var secrets: [String]
    package var network: StepNetwork
    /// Who names what the step reaches.
    package var networkOrigin = PlanOrigin.rule
    /// What the step asks for; the operator's ceilings bound it.
    package var limits: StepLimits
    /// What of its outputs the app may write to, with all that the step leaves there.
    package var writable: WritableDirectories?

    package init(
        name: String,
        kind: Kind,
        image: ImageReference,
        arguments: [String],
        command: String,
        source: String,
        workingDirectory: String,
        inputs: StepInputs = .all,
        outputs: [StepOutput] = [],
        caches: [CacheMount] = [],
        environment: [String: String] = [:],
        secrets: [String] = [],
        network: StepNetwork = .none,
        limits: StepLimits = StepLimits()
    ) {
        self.name = name
        self.kind = kind
        self.image = image
        self.arguments = arguments
        self.command = command
        self.source = source
        self.workingDirectory = workingDirectory
        self.inputs = inputs
        self.outputs = outputs
        self.caches = caches
        self.environment = environment
        self.secrets = secrets
        self.network = network
        self.limits = limits
    }
}

extension BuildStep {
    /// The image that the step runs in, as it is looked for.
    package var heldImage: ImageReference { image.held(to: imageDigest) }
}

/// Which files of the app root a step sees.
package enum StepInputs: Sendable, Hashable, Codable {
    /// All of it: the step's key holds the id of the whole tree.
    case all
    /// These alone, by path relative to the app root, sorted; a directory stands for what is in it. They exist: the planner
    /// has looked.
    case paths([String])
}

/// Something that remains of a step.
package struct StepOutput: Sendable, Hashable, Codable {
    /// Absolute path of a file or directory in the sandbox, such as `/opt/venv`.
    package var path: String
    /// Whether it belongs to the image that runs; otherwise only later steps see it.
    package var isShipped: Bool

    package init(path: String, isShipped: Bool = true) {
        self.path = path
        self.isShipped = isShipped
    }
}

/// A directory that outlives builds on a node, and is never part of a layer.
package struct CacheMount: Sendable, Hashable, Codable {
    /// Names the cache within the project, such as `pip`: steps with the same name share it.
    package var name: String
    /// Absolute path in the sandbox.
    package var path: String
    /// Whether a step waits for another one that has it; otherwise it has a copy then.
    package var isLocked: Bool

    package init(name: String, path: String, isLocked: Bool = false) {
        self.name = name
        self.path = path
        self.isLocked = isLocked
    }
}

/// What a step reaches.
package enum StepNetwork: Sendable, Hashable, Codable {
    /// Its own loopback interface alone.
    case none
    /// Through the policy proxy, these and what the operator adds: `host:port`, where the host may begin with `*.`; sorted.
    case egress([String])
}

/// Bounds of a step; nil for the operator's default.
package struct StepLimits: Sendable, Hashable, Codable {
    package var memoryBytes: Int64?
    package var processes: Int?
    /// Cores, such as 1.5.
    package var processors: Double?
    /// Bytes that the step may write.
    package var diskBytes: Int64?
    package var seconds: Int?
    /// Bytes of what the step says that are kept; the rest is dropped, and the step goes on.
    package var outputBytes: Int64?

    package init(
        memoryBytes: Int64? = nil,
        processes: Int? = nil,
        processors: Double? = nil,
        diskBytes: Int64? = nil,
        seconds: Int? = nil,
        outputBytes: Int64? = nil
    ) {
        self.memoryBytes = memoryBytes
        self.processes = processes
        self.processors = processors
        self.diskBytes = diskBytes
        self.seconds = seconds
        self.outputBytes = outputBytes
    }

    /// These limits, and those of another where these say nothing.
    package func before(_ other: StepLimits) -> StepLimits {
        StepLimits(
            memoryBytes: memoryBytes ?? other.memoryBytes,
            processes: processes ?? other.processes,
            processors: processors ?? other.processors,
            diskBytes: diskBytes ?? other.diskBytes,
            seconds: seconds ?? other.seconds,
            outputBytes: outputBytes ?? other.outputBytes
        )
    }
}

extension CacheMount {
    /// Whether a text may name a cache: it becomes the name of a directory, beside which its lock ends in `.lock`.
    package static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64 && !text.hasPrefix(".") && !text.hasSuffix(".lock")
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || [45, 46, 95].contains(byte)
            }
    }
}

extension StepNetwork {
    /// Whether a text is `HOST:PORT`, where the host may begin with `*.` or be `*`.
    package static func isTarget(_ text: String) -> Bool {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            return false
        }
        var host = text[..<colon]
        if host == "*" { return true }
        if host.hasPrefix("*.") { host = host.dropFirst(2) }
        return !host.isEmpty && !host.contains { $0 == "*" || $0 == "/" || $0.isWhitespace }
    }
}
