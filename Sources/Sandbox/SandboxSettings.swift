/// What a node's sandbox is made of, and how much a step may take.
package struct SandboxSettings: Sendable, Hashable {
    /// The OCI runtime's path; nil for crun, else runc, wherever they are installed.
    package var runtime: String?
    /// The path of `slipway-sandbox`; nil for the one beside this program.
    package var helper: String?
    /// Where this node's processes agree on who uses which ids: the same for all of them.
    package var runtimeDirectory: String
    /// Where empty disks are kept to be copied.
    package var cacheDirectory: String
    /// The control group that those of steps are made in.
    package var groupName = "slipway"
    /// Ids of the host that steps run as; nil for what /etc/subuid gives this user.
    package var identities: IdentityRange?
    /// Whether layers, caches and sources have their own ids on disk, mapped when they are mounted: see `noteMapping`.
    package var mapsIDs = true
    /// What a step gets that asks for nothing.
    package var defaults = StepBounds.usual
    /// What a step gets at most.
    package var ceilings = StepBounds.usualCeilings
    /// Steps are ended when the disk that they work on has less left for this process.
    package var minimumFreeBytes: Int64 = 0
    /// Bytes of output that are kept of a step; the rest is read and dropped.
    package var outputBytes = 16 << 20
    /// Bytes of a line of output; longer ones are cut.
    package var lineBytes = 16 << 10
    /// `host:port` that every step with egress may reach beside what its plan names.
    package var allowedHosts: [String] = []
    /// Whether names may lead to private addresses of the node's network.
    package var allowsPrivate = false
    /// A PEM file with the authorities that steps trust; nil for the host's.
    package var authorityFile: String?

    package init(runtimeDirectory: String, cacheDirectory: String) {
        self.runtimeDirectory = runtimeDirectory
        self.cacheDirectory = cacheDirectory
    }
}

/// Ids of the host that are given to steps, 65536 to each that runs.
package struct IdentityRange: Sendable, Hashable {
    package var start: UInt32
    /// How many ids, at least 65536.
    package var count: UInt32

    package init(start: UInt32, count: UInt32) {
        self.start = start
        self.count = count
    }
}

/// How much a step may take.
package struct StepBounds: Sendable, Hashable {
    package var memoryBytes: Int64
    package var processes: Int
    /// Cores.
    package var processors: Double
    /// Bytes that may be written, `/tmp` included.
    package var diskBytes: Int64
    package var time: Duration

    package init(memoryBytes: Int64, processes: Int, processors: Double, diskBytes: Int64, time: Duration) {
        self.memoryBytes = memoryBytes
        self.processes = processes
        self.processors = processors
        self.diskBytes = diskBytes
        self.time = time
    }

    package static let usual = StepBounds(
        memoryBytes: 2 << 30,
        processes: 2048,
        processors: 2,
        diskBytes: 10 << 30,
        time: .seconds(1200)
    )

    package static let usualCeilings = StepBounds(
        memoryBytes: 8 << 30,
        processes: 16384,
        processors: 64,
        diskBytes: 64 << 30,
        time: .seconds(7200)
    )
}
