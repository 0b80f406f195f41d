package import BuildModel

/// Everything that the objects of a deployment are made of: equal intents give equal manifests.
package struct DeploymentIntent: Sendable, Hashable {
    /// The name of the Deployment and the Service: a DNS label of at most 46 bytes, one for each project.
    package let name: String
    package let namespace: String
    /// The build's id as the producer gave it.
    package let deploymentID: String
    package let projectID: String
    /// The repository with the digest, and no tag.
    package let image: ImageReference
    /// The container's port, told to the app in `PORT`.
    package let port: Int
    package let livenessPath: String
    package let readinessPath: String
    /// The app's variables, with `PORT`.
    package let environment: [String: String]
    package let resources: ContainerResources
    /// The label `platform`.
    package let platform: String
    /// Labels that the operator adds.
    package let labels: [String: String]
    /// The commit that was built.
    package let revision: ObjectID
    /// The number of the lease that this deployment is made under.
    package let epoch: Int64

    /// What a request, the image made for it and the configuration come to.
    ///
    /// - The port is the request's `port`, else its variable `PORT`, else the plan's; `PORT` always says what it came to.
    /// - A `healthCheckPath` of the request is asked for liveness and readiness both: an app that names one path has no other.
    ///   Without it the configuration's two paths are.
    /// - The start command is the image's own entrypoint; the Deployment does not repeat it.
    ///
    /// - Throws: `BuildFailure` with code `invalid_request` or `invalid_configuration` that names the field.
    package init(
        request: BuildRequest,
        image: PublishedImage,
        plan: BuildPlan,
        revision: Revision,
        epoch: Int64,
        settings: DeployerSettings
    ) throws(BuildFailure) {
        try Self.check(settings)
        name = ObjectName.make(projectID: request.projectID)
        namespace = settings.namespace
        deploymentID = request.deploymentID
        projectID = request.projectID
        self.image = image.reference.pinned(to: image.reference.digest ?? image.manifest.digest)
        port = try Self.port(of: request, plan: plan)
        if let path = request.healthCheckPath { try Self.checkPath(path) }
        livenessPath = request.healthCheckPath ?? settings.livenessPath
        readinessPath = request.healthCheckPath ?? settings.readinessPath
        environment = request.environmentVariables.merging(["PORT": String(port)]) { $1 }
        resources = try settings.resources.overridden(by: request.resources)
        platform = settings.platform
        labels = settings.labels
        self.revision = revision.commit
        self.epoch = epoch
    }
}
