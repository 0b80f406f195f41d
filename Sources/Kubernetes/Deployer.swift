package import BuildModel
package import HTTPTransport

/// Hands images to a cluster: applies a Deployment and a Service by server-side apply, never by force.
package struct Deployer: Sendable {
    private let client: ClusterClient

    /// - Parameters:
    ///   - credentials: the cluster.
    ///   - http: the transport; stays the caller's.
    package init(credentials: ClusterCredentials, http: HTTPClient, settings: DeployerSettings) {
        client = ClusterClient(credentials: credentials, http: http, settings: settings)
    }

    /// Applies the intent's Deployment, then its Service. Applying the same again changes nothing.
    ///
    /// - Parameters:
    ///   - confirm: throws if the lease behind `intent.epoch` is lost; asked just before everything that is sent to change the cluster.
    ///   - log: gets what was applied, and the cluster's warnings.
    /// - Returns: what the cluster has now; a rollout is over when it has observed that generation.
    /// - Throws: what `confirm` throws, or `BuildFailure`: `deployment_conflict` (another manager's fields, or an object that is not this
    ///   project's), `stale_epoch`, `not_found` (the namespace), `unauthorized`, `forbidden`, `limit_exceeded` (a quota),
    ///   `invalid_deployment`, `unreachable`, `protocol_violation`.
    package func apply(
        _ intent: DeploymentIntent,
        confirm: @Sendable () async throws -> Void,
        log: any BuildLog
    ) async throws -> AppliedDeployment {
        do {
            // Both before the first change: a Service of somebody else must not leave half a deployment behind.
            try await checkOwner(.deployment, intent)
            try await checkOwner(.service, intent)
            let deployment = try await apply(.deployment, Manifests.deployment(intent), intent, confirm, log)
            _ = try await apply(.service, Manifests.service(intent), intent, confirm, log)
            return try AppliedDeployment(deployment)
        } catch {
            throw BuildFailure(error, operation: "kubernetes.apply")
        }
    }

    private func apply(
        _ kind: ClusterRequest.Kind,
        _ manifest: JSONValue,
        _ intent: DeploymentIntent,
        _ confirm: @Sendable () async throws -> Void,
        _ log: any BuildLog
    ) async throws -> JSONValue {
        let request = ClusterRequest(
            verb: .apply,
            kind: kind,
            namespace: intent.namespace,
            name: intent.name,
            body: manifest
        )
        let reply = try await client.send(request, confirm: confirm)
        for warning in reply.warnings { log.say("The cluster warns: \(warning)", .deploying) }
        log.say("Applied the \(request.subject).", .deploying)
        return reply.object
    }

    /// Refuses an object that another project, or nobody that we know, has made, and one that a later attempt of this build
    /// has applied. Server-side apply alone would share an object as long as no field differs.
    private func checkOwner(_ kind: ClusterRequest.Kind, _ intent: DeploymentIntent) async throws {
        let request = ClusterRequest(verb: .get, kind: kind, namespace: intent.namespace, name: intent.name)
        let found: JSONValue
        do {
            found = try await client.send(request).object
        } catch let failure as BuildFailure where failure.code == .notFound {
            return
        }
        try Ownership(of: found).check(intent, request)
    }
}
