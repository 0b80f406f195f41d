internal import BuildModel
internal import Kubernetes

extension BuildStages {
    /// Published image to an applied Deployment; returns its `namespace/name`.
    func deploy(
        _ image: PublishedImage,
        plan: BuildPlan,
        revision: Revision,
        request: BuildRequest,
        epoch: Int64,
        _ reporter: any AttemptReporter
    ) async throws -> String {
        guard let deployer else { return "" }
        let intent = try DeploymentIntent(
            request: request,
            image: image,
            plan: plan,
            revision: revision,
            epoch: epoch,
            settings: deployer.settings
        )
        return try await deployer.deployer.apply(intent, confirm: reporter.confirm, log: reporter).qualifiedName
    }
}
