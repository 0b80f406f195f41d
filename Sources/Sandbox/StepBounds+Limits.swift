package import BuildModel

extension StepBounds {
    /// What a step gets: what it asks for or the default, and never more than the ceiling.
    package init(_ limits: StepLimits, settings: SandboxSettings) {
        let (usual, most) = (settings.defaults, settings.ceilings)
        self.init(
            memoryBytes: max(16 << 20, min(limits.memoryBytes ?? usual.memoryBytes, most.memoryBytes)),
            processes: max(1, min(limits.processes ?? usual.processes, most.processes)),
            processors: max(0.01, min(limits.processors ?? usual.processors, most.processors)),
            diskBytes: Self.disk(limits.diskBytes ?? usual.diskBytes, atMost: most.diskBytes),
            time: max(.seconds(1), min(limits.seconds.map { .seconds($0) } ?? usual.time, most.time))
        )
    }

    /// Bytes of output that are kept of a step, and whose limit that is.
    static func output(_ limits: StepLimits, settings: SandboxSettings) -> (bytes: Int, name: String) {
        let most = settings.outputBytes
        guard let own = limits.outputBytes, own < Int64(most) else { return (most, "sandbox.outputBytes") }
        return (max(0, Int(own)), "the step's limit")
    }

    /// The next size of which there are four between a power of two and the next: an empty disk of each size is kept.
    private static func disk(_ wanted: Int64, atMost most: Int64) -> Int64 {
        let bytes = max(4 << 20, min(wanted, most))
        let unit = Int64(1) << Int64(61 - bytes.leadingZeroBitCount)
        return max(4 << 20, min((bytes - 1) / unit * unit + unit, most))
    }
}
