internal import Platform

extension WorkerSettings {
    /// `sandbox`: what runs build steps, and how much they may take.
    package struct Sandbox: Sendable, Hashable {
        /// A path; nil for what is installed.
        package var runtime: String?
        /// What a step has that asks for nothing.
        package var usual: Bounds
        /// What a step has at most.
        package var most: Bounds
        /// Bytes that the node's disk keeps free: steps are ended before it has less.
        package var minimumFreeBytes: Int
        /// Bytes of output in the log.
        package var outputBytes: Int
        package var allowsPrivate: Bool
        /// A PEM file; nil for the node's.
        package var authorityFile: String?
        /// nil for what the system gives the worker's user.
        package var identities: Identities?
        package var runtimeDirectory: String
    }
}

extension WorkerSettings.Sandbox {
    /// How much of the node.
    package struct Bounds: Sendable, Hashable {
        package var memoryBytes: Int
        package var processes: Int
        /// Cores.
        package var processors: Int
        package var diskBytes: Int
        package var time: Duration
    }

    /// A range of ids.
    package struct Identities: Sendable, Hashable {
        package var start: UInt32
        package var count: UInt32
    }

    /// `START:COUNT`; nil if it is none, begins at root, or is too short for one step.
    static func identities(_ text: String) -> Identities? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let start = UInt32(parts[0]), let count = UInt32(parts[1]) else { return nil }
        guard start > 0, count >= 65536, UInt32.max - start >= count else { return nil }
        return Identities(start: start, count: count)
    }

    init(_ values: inout SettingValues, cacheDirectory: String, environment: [String: String]) {
        runtime = values.existingFile("sandbox.runtime")
        usual = Bounds(values) { "sandbox.\($0)" }
        most = Bounds(values) { "sandbox.maximum\($0.prefix(1).uppercased())\($0.dropFirst())" }
        minimumFreeBytes = values.integer("sandbox.minimumFreeBytes")
        outputBytes = values.integer("sandbox.outputBytes")
        allowsPrivate = values.bool("sandbox.allowPrivate")
        authorityFile = values.existingFile("sandbox.caBundle")
        identities = values.text("sandbox.subordinateIDs").flatMap(Self.identities)
        let own = environment["XDG_RUNTIME_DIR"].map { "\($0)/slipway" } ?? "\(cacheDirectory)/run"
        let usualDirectory = SystemInformation.isRoot ? "/run/slipway" : own
        runtimeDirectory = values.text("sandbox.runtimeDirectory") ?? usualDirectory
    }
}

extension WorkerSettings.Sandbox.Bounds {
    fileprivate init(_ values: SettingValues, _ path: (String) -> String) {
        memoryBytes = values.integer(path("memoryBytes"))
        processes = values.integer(path("processes"))
        processors = values.integer(path("processors"))
        diskBytes = values.integer(path("diskBytes"))
        time = values.seconds(path("stepSeconds"))
    }
}
