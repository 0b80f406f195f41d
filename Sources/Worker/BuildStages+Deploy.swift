internal import BuildModel
internal import Buildpacks
internal import Kubernetes
internal import Platform

extension BuildStages {
    /// What is to run in the cluster.
    func intent(
        _ image: PublishedImage,
        _ plan: BuildPlan,
        _ revision: Revision,
        _ request: BuildRequest,
        epoch: Int64,
        queuedAt: Int64
    ) throws(BuildFailure) -> DeploymentIntent {
        // The request goes before what the repository says.
        var release = plan.release
        if let text = request.releaseCommand { release = try StartCommand(text: text, source: "releaseCommand") }
        return try DeploymentIntent(
            request: request,
            image: image,
            plan: plan,
            revision: revision,
            releaseCommand: release?.arguments,
            queuedAt: queuedAt,
            epoch: epoch,
            settings: deployer.settings
        )
    }

    /// Intent to a rolled out Deployment, or to a file; returns the Deployment's `namespace/name`, or nil for a file.
    func deploy(
        _ intent: DeploymentIntent,
        _ mode: DeployMode,
        _ reporter: any AttemptReporter
    ) async throws -> String? {
        if mode == .render {
            let paths = try await render(intent, reporter)
            reporter.say("Wrote the manifests to \(paths.manifests)", .deploying)
            if let path = paths.namespace { reporter.say("Wrote the namespace to \(path)", .deploying) }
            if let path = paths.release {
                reporter.say(
                    "Wrote the release command's Job to \(path): apply it first, and the manifests when it is complete. "
                        + "Nobody waits for it here.",
                    .deploying
                )
            }
            return nil
        }
        guard let cluster = deployer.deployer else { return nil }
        return try await cluster.deploy(intent, confirm: { try await reporter.confirm() }, log: reporter).qualifiedName
    }

    /// Brings a former build of the project back; returns the Deployment's `namespace/name` and that build's id.
    func rollBack(
        to target: RollbackTarget,
        as stamp: BuildStamp,
        _ reporter: any AttemptReporter
    ) async throws -> (deployment: String, build: String) {
        guard let cluster = deployer.deployer else {
            throw BuildFailure(
                .platform,
                .invalidConfiguration,
                operation: "kubernetes.rollback",
                message: "A rollback needs a cluster, and the worker has none (kubernetes.kubeconfig)."
            )
        }
        let wanted: String? = if case .build(let id) = target { id } else { nil }
        let (applied, build) = try await cluster.rollBack(
            to: wanted,
            as: stamp,
            confirm: { try await reporter.confirm() },
            log: reporter
        )
        return (applied.qualifiedName, build)
    }

    private func render(_ intent: DeploymentIntent, _ reporter: any AttemptReporter) async throws -> ManifestFile.Paths
    {
        guard let directory = deployer.renderDirectory else {
            throw BuildFailure(
                .platform,
                .invalidConfiguration,
                operation: "kubernetes.render",
                message: "The request asks for manifests, and kubernetes.renderDirectory does not say where they go."
            )
        }
        try await reporter.confirm()
        if let refusal = SendPermit.refusal { throw refusal }
        return try await ManifestFile.write(intent, in: directory)
    }
}
