import BuildModel
import ImageBuild
import Platform
import Registry
import RootFilesystem
import Sandbox
import Settings
import Worker

extension Wiring {
    /// What this node knows of the directories of base images.
    ///
    /// - Throws: `BuildFailure` with code `system` if the directory cannot be made.
    static func baseIndexes(
        _ settings: WorkerSettings,
        registry: RegistryClient,
        spool: String
    ) throws(BuildFailure) -> BaseIndexes {
        try BaseIndexes(
            directory: "\(settings.cacheDirectory)/bases",
            fetch: { try await registry.fetchBlob($0, spoolDirectory: spool) }
        )
    }

    /// What runs steps on this node.
    ///
    /// - Parameter farm: what the nodes of a farm remember together; nil for a build on its own.
    /// - Throws: `BuildFailure` with code `system` if directories of the cache cannot be made.
    static func steps(
        _ settings: WorkerSettings,
        bases: BaseImageFinder,
        registry: RegistryClient,
        layers: LayerSettings,
        farm: (any DigestMemory)?
    ) throws(BuildFailure) -> StepMaker {
        let directory = "\(settings.cacheDirectory)/steps"
        try Directories.create(directory, mode: 0o711)
        let spool = layers.spoolDirectory
        var sandbox = sandbox(settings)
        sandbox.noteMapping(in: directory)
        let filesystems = try RootFilesystems(
            RootFilesystems.Settings(
                directory: "\(settings.cacheDirectory)/rootfs",
                overlay: SystemInformation.isRoot ? .trusted : .user,
                firstID: sandbox.fileOwner,
                minimumFreeBytes: Int64(settings.sandbox.minimumFreeBytes)
            ),
            fetch: { try await registry.fetchBlob($0, spoolDirectory: spool) }
        )
        return try StepMaker(
            bases: bases,
            registry: registry,
            filesystems: filesystems,
            sandbox: SandboxRunner(settings: sandbox),
            layers: layers,
            memo: StepMemo(in: directory, farm: farm),
            caches: StepCaches(
                directory: "\(directory)/\(sandbox.mapsIDs ? "caches" : "caches-\(sandbox.fileOwner)")",
                fileOwner: sandbox.fileOwner,
                limit: Int64(settings.steps.cacheBytes),
                total: Int64(settings.steps.cacheTotalBytes)
            ),
            policy: StepPolicy(
                directory: directory,
                scope: StepScope(rawValue: settings.steps.memoScope) ?? .project,
                layerBytes: Int64(settings.steps.layerBytes),
                filesystemBytes: Int64(settings.steps.imageBytes),
                environment: settings.steps.environment,
                hosts: settings.steps.hosts,
                openHosts: settings.steps.openHosts
            )
        )
    }
}
