/// What a producer asks for: version 1 of the intake contract (docs/contract.md).
package struct BuildRequest: Sendable, Hashable {
    /// The idempotency key, and the build's id everywhere.
    package var deploymentID: String
    package var projectID: String
    /// The tenant, if the producer has tenants.
    package var organizationID: String?
    /// Empty for a rollback, which fetches nothing.
    package var repositoryURL: String
    package var branch: String?
    package var commitSHA: String?
    package var commitMessage: String?
    package var authorName: String?
    package var authorEmail: String?
    /// The directory of the repository that is built, without leading or trailing slashes; empty for all of it.
    package var rootDirectory: String
    package var buildCommand: String?
    package var startCommand: String?
    package var environmentVariables: [String: String]
    /// Names of secrets that build steps may ask for.
    package var buildSecrets: [String]
    /// For every step of the build, before what `slipway.yaml` and the rule say; nil members leave that as it is. The operator's
    /// ceilings bound it.
    package var stepLimits: StepLimits
    /// Where to push; nil for the place that the worker's configuration gives.
    package var image: ImageReference?
    /// What the node has to be that runs the build.
    package var labels: [String: String]
    /// Higher runs earlier.
    package var priority: Int
    package var retry: RetryRequest
    /// How long the build waits before it may begin.
    package var delayMilliseconds: Int
    /// The whole attempt's deadline; nil for the worker's default.
    package var timeoutSeconds: Int?
    /// A newer build with the same key cancels this one.
    package var supersedes: String?
    package var healthCheckPath: String?
    package var port: Int?
    /// The host name that the app is reached by from outside.
    package var customDomain: String?
    /// Whether `customDomain` is served over TLS.
    package var sslEnabled: Bool
    /// Variables whose values the cluster takes from its own Secrets.
    package var environmentSecrets: [String: SecretReference]
    /// Runs once with the new image before the new version is rolled out.
    package var releaseCommand: String?
    package var resources: ResourceRequest
    package var deploy: DeployMode
    /// The build to bring back, for a request that builds nothing.
    package var rollback: RollbackTarget?

    package init(deploymentID: String, projectID: String, repositoryURL: String) {
        self.deploymentID = deploymentID
        self.projectID = projectID
        self.repositoryURL = repositoryURL
        rootDirectory = ""
        environmentVariables = [:]
        buildSecrets = []
        stepLimits = StepLimits()
        labels = [:]
        priority = 0
        retry = RetryRequest()
        delayMilliseconds = 0
        sslEnabled = false
        environmentSecrets = [:]
        resources = ResourceRequest()
        deploy = .cluster
    }
}

/// What becomes of the image.
package enum DeployMode: String, Sendable, Hashable, CaseIterable {
    /// It is handed to the cluster.
    case cluster
    /// It is pushed, and that is all.
    case none
    /// Its manifests are written to a file, for whoever applies them.
    case render
}

/// Which former build of a project is brought back.
package enum RollbackTarget: Sendable, Hashable {
    /// The last one before the present one whose rollout came to a good end.
    case lastGood
    case build(String)
}

/// A value in a Kubernetes Secret of the namespace that is deployed to.
package struct SecretReference: Sendable, Hashable {
    package var secret: String
    package var key: String

    package init(secret: String, key: String) {
        self.secret = secret
        self.key = key
    }
}

/// How often, and how far apart, failures that may pass are tried again.
package struct RetryRequest: Sendable, Hashable {
    /// Attempts in all.
    package var attempts: Int
    /// The first delay; it doubles with every attempt.
    package var delayMilliseconds: Int
    /// Whether each delay is a random part of what it would be, so that what failed together does not come back together.
    package var jitters: Bool

    package init(attempts: Int = 3, delayMilliseconds: Int = 2000, jitters: Bool = false) {
        self.jitters = jitters
        self.attempts = attempts
        self.delayMilliseconds = delayMilliseconds
    }
}

/// CPU and memory for the app's container, as Kubernetes quantities; nil for the deployer's defaults.
package struct ResourceRequest: Sendable, Hashable {
    package var cpuRequest: String?
    package var memoryRequest: String?
    package var cpuLimit: String?
    package var memoryLimit: String?

    package init() {}
}
