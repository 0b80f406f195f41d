package import BuildModel
internal import ImageBuild
package import Registry

/// Finds the images that rules name: first in OCI layouts on this node, then through the configured mirrors, then at their registry.
package struct BaseImageFinder: Sendable {
    private let layouts: BaseLayouts
    private let registry: RegistryClient
    /// Asks without saying who it is.
    private let anonymous: RegistryClient
    private let admission: ImageAdmission
    private let platform: ImagePlatform

    /// - Parameters:
    ///   - layouts: directories, or archives in one file; those that do not exist are passed over.
    ///   - archives: the directory for what archives hold.
    ///   - registry: for images that rules name.
    ///   - anonymous: without credentials: for images that repositories name.
    ///   - admission: which those may be.
    ///   - platform: what images are made for.
    package init(
        layouts: [String],
        archives: String,
        registry: RegistryClient,
        anonymous: RegistryClient,
        admission: ImageAdmission,
        platform: ImagePlatform
    ) {
        self.layouts = BaseLayouts(layouts, cache: archives)
        self.registry = registry
        self.anonymous = anonymous
        self.admission = admission
        self.platform = platform
    }

    /// - Parameter origin: who names the image.
    /// - Throws: `BuildFailure` of the last place that was asked, or of a layout that is damaged; `image_not_allowed` for one that the
    ///   repository names and may not.
    package func find(
        _ name: ImageReference,
        from origin: PlanOrigin,
        log: any BuildLog,
        phase: BuildPhase = .assembling
    ) async throws -> BaseImage {
        for place in layouts.places {
            guard let directory = try await layouts.directory(of: place) else { continue }
            let layout = try OCILayout(opening: directory)
            guard let base = try layout.baseImage(named: name, platform: platform) else { continue }
            log.say("Base image \(name) from the layout \(place)", phase)
            return base
        }
        let base = try await pull(name, from: origin)
        log.say("Base image \(base.name)", phase)
        return base
    }

    private func pull(_ name: ImageReference, from origin: PlanOrigin) async throws -> BaseImage {
        guard origin == .repository else { return try await registry.baseImage(name, platform: platform) }
        switch admission.judge(name) {
        case .withCredentials: return try await registry.baseImage(name, platform: platform)
        case .refused(let reason): throw Self.refused(name, reason)
        case .anonymously:
            do {
                var image = try await anonymous.baseImage(name, platform: platform)
                image.realm = "\(name.registry)/\(name.repository)"
                return image
            } catch {
                throw Self.explained(BuildFailure(error, operation: "image.find"))
            }
        }
    }

    private static func refused(_ name: ImageReference, _ reason: String) -> BuildFailure {
        BuildFailure(
            .code,
            BuildFailure.Code(rawValue: "image_not_allowed"),
            operation: "image.find",
            message: "The repository may not name the image '\(name)': \(reason). The operator can name it in "
                + "registries.openImages."
        )
    }

    private static func explained(_ failure: BuildFailure) -> BuildFailure {
        guard failure.fault != .cancelled else { return failure }
        var failure = failure
        failure.message +=
            " What the repository names is pulled without the farm's credentials, unless "
            + "registries.openImages names it."
        return failure
    }
}
