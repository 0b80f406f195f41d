package import BuildModel
internal import ImageBuild
internal import Platform
package import Registry

/// Finds the images that rules name: first in OCI layouts on this node, then through the configured mirrors, then at their registry.
package struct BaseImageFinder: Sendable {
    private let layouts: [String]
    private let registry: RegistryClient
    private let platform: ImagePlatform

    /// - Parameters:
    ///   - layouts: directories; those that do not exist are passed over.
    ///   - platform: what images are made for.
    package init(layouts: [String], registry: RegistryClient, platform: ImagePlatform) {
        self.layouts = layouts
        self.registry = registry
        self.platform = platform
    }

    /// - Throws: `BuildFailure` of the last place that was asked, or of a layout that is damaged.
    package func find(
        _ name: ImageReference,
        log: any BuildLog,
        phase: BuildPhase = .assembling
    ) async throws -> BaseImage {
        for directory in layouts where Directories.exists(directory) {
            let layout = try OCILayout(opening: directory)
            guard let base = try layout.baseImage(named: name, platform: platform) else { continue }
            log.say("Base image \(name) from the layout \(directory)", phase)
            return base
        }
        let base = try await registry.baseImage(name, platform: platform)
        log.say("Base image \(base.name)", phase)
        return base
    }
}
