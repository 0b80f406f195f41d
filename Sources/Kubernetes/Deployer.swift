package import BuildModel
package import HTTPTransport

/// Hands images to a cluster by server-side apply, never by force, and sees to it that they come up.
package struct Deployer: Sendable {
    let client: ClusterClient
    let preflight: Preflight

    /// What the configuration says about deploying.
    package var settings: DeployerSettings { client.settings }

    /// - Parameters:
    ///   - credentials: the cluster.
    ///   - http: the transport; stays the caller's.
    package init(credentials: ClusterCredentials, http: HTTPClient, settings: DeployerSettings) {
        client = ClusterClient(credentials: credentials, http: http, settings: settings)
        preflight = Preflight(client: client)
    }

    /// Runs the intent's release command if it has one, applies Deployment and Service, waits for the rollout, and only then lets the
    /// Ingress follow; goes back to the last good build if the rollout fails or the cluster refuses a part.
    ///
    /// - Parameters:
    ///   - confirm: throws if the lease behind `intent.stamp` is lost; asked just before everything that is sent to change the cluster.
    ///   - log: gets what was applied, how the rollout goes, and why it failed.
    /// - Throws: as `apply`, and `forbidden` with every right that is missing; and of the rollout `rollout_failed`, `image_pull_failed`, `app_crashed`, `unschedulable`, `limit_exceeded`,
    ///   `release_failed`, `superseded` when a newer build took over, or `unreachable` when the cluster cannot be asked how the rollout
    ///   ended. The message says what was gone back to.
    package func deploy(
        _ intent: DeploymentIntent,
        confirm: @escaping @Sendable () async throws -> Void,
        log: any BuildLog
    ) async throws -> AppliedDeployment {
        try await preflight.check(Preflight.rights(for: intent))
        if let command = intent.releaseCommand { try await release(command, intent, confirm, log) }
        let writer = FencedWriter(client: client, stamp: intent.stamp, confirm: confirm)
        let objects = try await prepare(intent, writer)
        let applied = try await applyDeployment(objects, intent, writer, log)
        do {
            try await applyServices(objects, intent.namespace, writer, log)
            try await wait(for: applied, log: log)
            try await settleIngress(objects, of: applied, writer, log)
        } catch let failure as BuildFailure where failure.isVerdict || failure.isRefusal {
            throw await goingBack(after: failure, writer, log)
        }
        await markGood(applied, intent, writer, log)
        await settleLeftovers(objects, intent, writer, log)
        return applied
    }

    /// Applies the intent's objects without waiting: Deployment and Service always, Ingress where there is a domain. Applying the same
    /// again changes nothing.
    ///
    /// - Returns: what the cluster has now; a rollout is over when it has observed that generation.
    /// - Throws: what `confirm` throws, or `BuildFailure`: `deployment_conflict` (another manager's fields, or an object that is not this
    ///   project's), `stale_epoch`, `superseded`, `not_found` (the namespace), `unauthorized`, `forbidden`, `limit_exceeded` (a quota),
    ///   `invalid_deployment`, `unreachable`, `protocol_violation`.
    package func apply(
        _ intent: DeploymentIntent,
        confirm: @escaping @Sendable () async throws -> Void,
        log: any BuildLog
    ) async throws -> AppliedDeployment {
        let writer = FencedWriter(client: client, stamp: intent.stamp, confirm: confirm)
        let objects = try await prepare(intent, writer)
        let applied = try await applyDeployment(objects, intent, writer, log)
        try await applyServices(objects, intent.namespace, writer, log)
        try await settleIngress(objects, of: applied, writer, log)
        return applied
    }

    /// Waits until the rollout of what was applied is complete.
    package func wait(for applied: AppliedDeployment, log: any BuildLog) async throws {
        do {
            try await RolloutWait(client: client, applied: applied, log: log).run()
        } catch {
            throw BuildFailure(error, operation: "kubernetes.rollout")
        }
    }

    /// Runs the release command, if no newer build has been here.
    private func release(
        _ command: [String],
        _ intent: DeploymentIntent,
        _ confirm: @escaping @Sendable () async throws -> Void,
        _ log: any BuildLog
    ) async throws {
        do {
            try await makeNamespace(intent, confirm)
            let writer = FencedWriter(client: client, stamp: intent.stamp, confirm: confirm)
            for object in Manifests.objects(intent) where object.kind == .deployment {
                _ = try await writer.check(.deployment, intent.namespace, object.name)
            }
            try await ReleaseJob(client: client, intent: intent, command: command, log: log).run(confirm)
        } catch {
            throw BuildFailure(error, operation: "kubernetes.release")
        }
    }

    /// Notes on the Deployment that this build is one to go back to. The app runs whether or not this succeeds.
    private func markGood(
        _ applied: AppliedDeployment,
        _ intent: DeploymentIntent,
        _ writer: FencedWriter,
        _ log: any BuildLog
    ) async {
        guard !settings.template.isPerBuild else { return }
        let objects = Manifests.objects(intent)
        do {
            _ = try await writer.write(.deployment, intent.namespace, applied.name) { found in
                var builds = GoodBuilds(of: found)
                let manifest = Manifests.deployment(intent)
                builds.add(AppVersion(build: intent.stamp.deploymentID, manifest: manifest))
                return noted(builds, on: manifest, objects)
            }
        } catch {
            let failure = BuildFailure(error, operation: "kubernetes.apply")
            log.say("Warning: could not note that this build is good to go back to: \(failure)", .deploying)
        }
    }
}
