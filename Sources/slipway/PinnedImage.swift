import BuildModel
import HTTPTransport
import Platform
import Registry
import Settings

/// An image by hand, whose tag is looked up once: what is applied has to be the same image for as long as it can be gone back to.
struct PinnedImage: Sendable {
    let settings: WorkerSettings
    let http: HTTPClient
    /// How long a registry may take to say what a tag is.
    private static let limit = Duration.seconds(15)

    /// The reference with the digest that its tag has now; as it is, after a warning on standard error, where its registry does not say.
    ///
    /// - Throws: `BuildFailure` if the configuration of the registries is wrong; of code `cancelled` when the task is.
    func find(_ reference: ImageReference) async throws -> ImageReference {
        guard reference.digest == nil else { return reference }
        var image = reference
        let tag = reference.tag ?? "latest"
        image.tag = tag
        var places = try Wiring.registry(settings)
        // Whoever waits for this sits at a terminal, and gets a warning instead.
        (places.patience, places.firstDelay) = (Self.limit, .milliseconds(100))
        let registry = RegistryClient(settings: places, http: http)
        let late = BuildFailure.timedOut(
            operation: "image.resolve",
            message: "The registry took more than \(Int(Self.limit.seconds)) s."
        )
        do {
            let named = image
            image.digest = try await withDeadline(Self.limit, failure: late) {
                try await registry.contents(of: named).manifest(named: tag).descriptor.digest
            }
        } catch {
            try Task.checkCancellation()
            warn(image, BuildFailure(error, operation: "image.resolve"))
        }
        return image
    }

    private func warn(_ image: ImageReference, _ failure: BuildFailure) {
        StandardError.write(
            "slipway: warning: '\(image)' is applied by its tag, since its registry does not say which image that is (\(failure)). "
                + "When the tag moves, the same request changes nothing, and going back brings back whatever the tag is then: "
                + "name the image with its digest."
        )
    }
}
