package import BuildModel
internal import Buildpacks
internal import Kubernetes
internal import Platform

/// The way of a build, from a request to a result. Knows nothing of queues: it gets a reporter and can be cancelled.
package struct BuildPipeline: Sendable {
    private let stages: BuildStages?

    package init(stages: BuildStages) {
        self.stages = stages
    }

    private init() {
        stages = nil
    }

    /// Builds nothing: for measuring what is around the stages.
    package static let empty = BuildPipeline()

    /// Runs every stage for `request`.
    ///
    /// - Parameters:
    ///   - epoch: the lease's number, which what is applied to a cluster carries.
    ///   - queuedAt: when the build was asked for, in milliseconds since 1970: a cluster keeps what is newer by that.
    ///   - deadline: of the stages before the cluster's, which lifts it.
    ///   - progress: filled as the stages go, so that a failed attempt still tells how far it came.
    /// - Throws: `BuildFailure`, which says whose fault it is and whether to try again.
    package func run(
        _ request: BuildRequest,
        epoch: Int64,
        queuedAt: Int64,
        deadline: BuildDeadline,
        reporter: any AttemptReporter,
        progress: BuildProgress
    ) async throws {
        guard let stages else { return reporter.say("Nothing is built here.") }
        var timer = PhaseTimer(reporter: reporter)
        defer { progress.update { $0.phaseMilliseconds = timer.milliseconds } }
        if let target = request.rollback {
            let stamp = BuildStamp(
                projectID: request.projectID,
                deploymentID: request.deploymentID,
                queuedAt: queuedAt,
                epoch: epoch
            )
            try deadline.lift()
            let back = try await timer.measure(.deploying) {
                try await stages.rollBack(to: target, as: stamp, reporter)
            }
            progress.update { ($0.deployment, $0.rollbackDeploymentID) = (back.deployment, back.build) }
            return
        }

        let fetched = try await timer.measure(.cloning) { try await stages.fetch(request, reporter) }
        progress.update { $0.revision = fetched }

        let (plan, revision) = try await timer.measure(.detecting) { try await stages.plan(request, fetched, reporter) }
        progress.update { ($0.revision, $0.language, $0.planDigest) = (revision, plan.language, plan.digest) }

        let made = try await stages.perform(plan, revision, request, reporter, &timer)
        let published = try await stages.sendingAhead(of: request, reporter) { ahead in
            let image = try await timer.measure(.assembling) {
                try await stages.assemble(plan, revision, made, request, ahead, reporter)
            }
            return try await timer.measure(.pushing) {
                try await stages.publish(image, for: request, after: ahead, reporter)
            }
        }
        progress.update { $0.image = published }
        await stages.steps?.published(made, in: published.reference, log: reporter)

        if request.deploy == .cluster, !stages.deploys {
            let words = "Warning: not deployed, only built: this worker has no cluster (kubernetes.kubeconfig)."
            reporter.write(words, stream: .stderr, phase: .pushing)
        }
        guard request.deploy == .render || (request.deploy == .cluster && stages.deploys) else { return }
        try deadline.lift()
        let deployment = try await timer.measure(.deploying) {
            let intent = try stages.intent(published, plan, revision, request, epoch: epoch, queuedAt: queuedAt)
            return try await stages.deploy(intent, request.deploy, reporter)
        }
        progress.update { $0.deployment = deployment }
    }
}
