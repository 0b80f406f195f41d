import Sandbox
import Settings

extension Wiring {
    /// What runs build steps on this node.
    static func sandbox(_ settings: WorkerSettings) -> SandboxSettings {
        let own = settings.sandbox
        var sandbox = SandboxSettings(
            runtimeDirectory: own.runtimeDirectory,
            cacheDirectory: "\(settings.cacheDirectory)/disks"
        )
        sandbox.runtime = own.runtime
        sandbox.identities = own.identities.map { IdentityRange(start: $0.start, count: $0.count) }
        sandbox.defaults = bounds(own.usual)
        sandbox.ceilings = bounds(own.most)
        sandbox.outputBytes = own.outputBytes
        sandbox.minimumFreeBytes = Int64(own.minimumFreeBytes)
        sandbox.allowedHosts = settings.steps.hosts
        sandbox.allowsPrivate = own.allowsPrivate
        sandbox.authorityFile = own.authorityFile
        return sandbox
    }

    private static func bounds(_ bounds: WorkerSettings.Sandbox.Bounds) -> StepBounds {
        StepBounds(
            memoryBytes: Int64(bounds.memoryBytes),
            processes: bounds.processes,
            processors: Double(bounds.processors),
            diskBytes: Int64(bounds.diskBytes),
            time: bounds.time
        )
    }
}
