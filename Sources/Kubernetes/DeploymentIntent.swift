package import BuildModel

/// Everything that the objects of a deployment are made of: equal intents give equal manifests.
package struct DeploymentIntent: Sendable, Hashable {
    /// The name of the Deployment and the Service: a DNS label of at most 46 bytes, one for each project.
    package let name: String
    package let namespace: String
    /// The build, its project, when it was asked for, and the lease that it is deployed under.
    package private(set) var stamp: BuildStamp
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
    /// The commit that was built, if it is known.
    package let revision: String?
    /// Replaces the image's entrypoint; nil where that is the start command already.
    package let command: [String]?
    /// Runs once, as a Job, before the Deployment is changed.
    package let releaseCommand: [String]?
    /// Variables whose values come from Secrets.
    package let secrets: [String: SecretReference]
    /// The host name of the Ingress; nil for none.
    package let domain: String?
    package let servesTLS: Bool
    package let settings: DeployerSettings

    /// What a request, the image made for it and the configuration come to.
    ///
    /// - The port is the request's `port`, else its variable `PORT`, else the plan's; `PORT` always says what it came to.
    /// - A `healthCheckPath` of the request, else the plan's, is asked for liveness and readiness both: an app that names one path
    ///   has no other. Without it the configuration's two paths are.
    ///
    /// - Parameters:
    ///   - image: with its digest, or with a tag where no digest is known.
    ///   - defaultPort: what the plan says.
    ///   - healthPath: what the plan says.
    ///   - command: what replaces the image's entrypoint; an image that was built for the request has the start command there.
    ///   - releaseCommand: the request's `releaseCommand` as an argument vector.
    /// - Throws: `BuildFailure` with code `invalid_request` or `invalid_configuration` that names the field.
    package init(
        request: BuildRequest,
        image: ImageReference,
        defaultPort: Int,
        healthPath: String? = nil,
        command: [String]? = nil,
        releaseCommand: [String]? = nil,
        revision: String?,
        queuedAt: Int64,
        epoch: Int64,
        settings: DeployerSettings
    ) throws(BuildFailure) {
        try Self.check(settings)
        name = ObjectName.make(projectID: request.projectID)
        namespace = settings.namespace
        stamp = BuildStamp(
            projectID: request.projectID,
            deploymentID: request.deploymentID,
            queuedAt: queuedAt,
            epoch: epoch
        )
        self.image = image
        port = try Self.port(of: request, default: defaultPort)
        let path = request.healthCheckPath ?? healthPath
        if let path { try Self.checkPath(path, isAsked: request.healthCheckPath != nil) }
        livenessPath = path ?? settings.livenessPath
        readinessPath = path ?? settings.readinessPath
        environment = request.environmentVariables.merging(["PORT": String(port)]) { $1 }
        secrets = request.environmentSecrets.filter { $0.key != "PORT" }
        resources = try settings.resources.overridden(by: request.resources)
        platform = settings.platform
        labels = settings.labels
        self.revision = revision
        self.command = command
        self.releaseCommand = releaseCommand
        domain = try Self.domain(of: request)
        servesTLS = request.sslEnabled
        self.settings = settings
    }

    /// The same under another stamp.
    func stamped(_ stamp: BuildStamp) -> DeploymentIntent {
        var intent = self
        intent.stamp = stamp
        return intent
    }

    /// The intent of a build: its image by digest, its plan's port, its commit.
    package init(
        request: BuildRequest,
        image: PublishedImage,
        plan: BuildPlan,
        revision: Revision,
        releaseCommand: [String]? = nil,
        queuedAt: Int64 = 0,
        epoch: Int64,
        settings: DeployerSettings
    ) throws(BuildFailure) {
        try self.init(
            request: request,
            image: image.reference.pinned(to: image.reference.digest ?? image.manifest.digest),
            defaultPort: plan.port,
            healthPath: plan.healthPath,
            releaseCommand: releaseCommand,
            revision: revision.commit.hex,
            queuedAt: queuedAt,
            epoch: epoch,
            settings: settings
        )
    }
}
