package import BuildModel

extension Deployer {
    /// Brings a former build of a project back and waits for it.
    ///
    /// - Parameters:
    ///   - build: its id; nil for the last good one before what is there now.
    ///   - stamp: of the rollback itself, which is newer than any build before it.
    /// - Returns: what was applied, and the build that it is.
    /// - Throws: `BuildFailure`: `not_found` if there is no such Deployment, no good build, or the cluster no longer has its template;
    ///   else as `deploy`.
    package func rollBack(
        to build: String? = nil,
        as stamp: BuildStamp,
        confirm: @escaping @Sendable () async throws -> Void,
        log: any BuildLog
    ) async throws -> (applied: AppliedDeployment, build: String) {
        do {
            try DeploymentIntent.check(client.settings)
            let needs = [(ClusterResource.deployment, ["get", "list", "watch", "patch"]), (.replicaSet, ["list"])]
            try await preflight.check(Preflight.rights(needs, client.settings.namespace))
            let writer = FencedWriter(client: client, stamp: stamp, confirm: confirm)
            let (applied, target) = try await restore(build, stamp, writer, log)
            try await RolloutWait(client: client, applied: applied, podBuild: target, log: log).run()
            return (applied, target)
        } catch {
            throw BuildFailure(error, operation: "kubernetes.rollback")
        }
    }

    /// The failure of a rollout, after the last good build was brought back, with words about that.
    func goingBack(
        after failure: BuildFailure,
        _ intent: DeploymentIntent,
        _ confirm: @escaping @Sendable () async throws -> Void,
        _ log: any BuildLog
    ) async -> BuildFailure {
        guard client.settings.rollsBack else { return failure }
        log.say("Failed: \(failure.message)", .deploying)
        var failure = failure
        guard !client.settings.template.isPerBuild else {
            failure.message += " Builds before it have Deployments of their own, which are as they were."
            return failure
        }
        do {
            let writer = FencedWriter(client: client, stamp: intent.stamp, confirm: confirm)
            let (applied, build) = try await restore(nil, intent.stamp, writer, log)
            try await RolloutWait(client: client, applied: applied, podBuild: build, log: log).run()
            failure.message += " The last good build '\(build)' was brought back and runs."
        } catch {
            let reason = BuildFailure(error, operation: "kubernetes.rollback")
            failure.message +=
                reason.code == .notFound
                ? " There is no good build to go back to." : " Going back to the last good build failed: \(reason)"
        }
        return failure
    }

    /// Applies the template that a former build left in its ReplicaSet.
    private func restore(
        _ wanted: String?,
        _ stamp: BuildStamp,
        _ writer: FencedWriter,
        _ log: any BuildLog
    ) async throws -> (AppliedDeployment, String) {
        let namespace = client.settings.namespace
        guard let name = client.settings.template.name(of: .deployment, project: stamp.projectID) else {
            throw BuildFailure(
                .platform,
                .invalidConfiguration,
                operation: "kubernetes.rollback",
                message:
                    "By \(client.settings.template.origin) each build has a Deployment of its own, so there is nothing to bring "
                    + "back: point traffic to the Service of the build that is wanted."
            )
        }
        guard let live = try await writer.check(.deployment, namespace, name) else {
            throw Self.missing("There is no Deployment '\(name)' in namespace '\(namespace)' to roll back.")
        }
        let current = FormerVersion.build(of: live)
        // A later attempt of the same rollback goes where the first one went, and not one further.
        let begun = Ownership(of: live).build == stamp.deploymentID ? FormerVersion.restored(by: live) : nil
        guard let build = wanted ?? begun ?? GoodBuilds(of: live).newest(except: current) else {
            throw Self.missing("No build of project '\(stamp.projectID)' before the present one is known to be good.")
        }
        let version = try await FormerVersion.find(build, of: live, namespace, name, client)
        log.say("Going back to build '\(build)'.", .deploying)
        let written = try await writer.write(.deployment, namespace, name) { found in
            var builds = GoodBuilds(of: found)
            builds.goBack(to: build)
            return builds.stamped(on: version.manifest(as: stamp, namespace, name))
        }
        return (try AppliedDeployment(written.object, stamp), build)
    }

    static func missing(_ message: String) -> BuildFailure {
        BuildFailure(.platform, .notFound, operation: "kubernetes.rollback", message: message)
    }
}
