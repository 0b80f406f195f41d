package import BuildModel

extension StepBounds {
    /// What a step gets: what it asks for or the default, and never more than the ceiling.
    package init(_ limits: StepLimits, settings: SandboxSettings) {
        let (usual, most) = (settings.defaults, settings.ceilings)
        self.init(
            memoryBytes: max(16 << 20, min(limits.memoryBytes ?? usual.memoryBytes, most.memoryBytes)),
            processes: max(1, min(limits.processes ?? usual.processes, most.processes)),
            processors: max(0.01, min(limits.processors ?? usual.processors, most.processors)),
            diskBytes: max(4 << 20, min(limits.diskBytes ?? usual.diskBytes, most.diskBytes)),
            time: max(.seconds(1), min(limits.seconds.map { .seconds($0) } ?? usual.time, most.time))
        )
    }
}
