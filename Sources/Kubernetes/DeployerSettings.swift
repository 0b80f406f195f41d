/// What the worker's configuration says about deploying.
package struct DeployerSettings: Sendable, Hashable {
    /// What is applied, with variables that each deployment fills.
    package var template: ManifestTemplate = .builtIn
    /// Whether fields are taken from other managers instead of leaving them and failing.
    package var takesFields = false
    /// The namespace of everything that is deployed. It has to exist.
    package var namespace: String
    /// The value of the label `platform`.
    package var platform: String
    /// More labels for every object, such as a team's. Slipway's own win.
    package var labels: [String: String]
    /// Asked for liveness and for readiness where the request names no `healthCheckPath`.
    package var livenessPath: String
    package var readinessPath: String
    /// What a container gets where the request does not say.
    package var resources: ContainerResources
    /// How long one request to the API server may take.
    package var requestLimit: Duration
    /// How often a request is sent at most, and the delay after the first failure; it doubles, with full jitter.
    package var attempts: Int
    package var retryDelay: Duration
    /// How many requests are sent to the cluster at most, by all builds of this process together, and how many at once before that counts.
    package var requestsPerSecond = 20
    package var requestBurst = 40
    /// How long a rollout may take at most, whatever the cluster says of it.
    package var rolloutLimit: Duration = .seconds(600)
    /// How long a rollout may go without progress before the cluster calls it failed (`progressDeadlineSeconds`).
    package var progressDeadline: Duration = .seconds(300)
    /// How often the pods are looked at during a rollout.
    package var progressPeriod: Duration = .seconds(3)
    /// How long one watch lasts before it is opened anew, and how much longer a silent server is waited for.
    package var watchPeriod: Duration = .seconds(120)
    package var watchGrace: Duration = .seconds(15)
    /// Whether a rollout that failed brings the last good build back.
    package var rollsBack = true
    /// Names of Secrets of the namespace that images are pulled with.
    package var imagePullSecrets: [String] = []
    /// The class of an Ingress; nil for the cluster's default one.
    package var ingressClass: String?
    /// Annotations of an Ingress, for whoever issues certificates.
    package var ingressAnnotations: [String: String] = [:]
    /// Whether objects of a project are deleted that its template does not make any more.
    package var prunes = false
    /// Whether the namespace is made when it is not there.
    package var createsNamespace = false

    package init(
        namespace: String = "default",
        platform: String = "slipway",
        labels: [String: String] = [:],
        livenessPath: String = "/health",
        readinessPath: String = "/ready",
        resources: ContainerResources = ContainerResources(),
        requestLimit: Duration = .seconds(30),
        attempts: Int = 5,
        retryDelay: Duration = .milliseconds(500)
    ) {
        self.namespace = namespace
        self.platform = platform
        self.labels = labels
        self.livenessPath = livenessPath
        self.readinessPath = readinessPath
        self.resources = resources
        self.requestLimit = requestLimit
        self.attempts = attempts
        self.retryDelay = retryDelay
    }
}

/// CPU and memory of a container, as Kubernetes quantities.
package struct ContainerResources: Sendable, Hashable {
    package var cpuRequest: String
    package var memoryRequest: String
    package var cpuLimit: String
    package var memoryLimit: String

    package init(
        cpuRequest: String = "100m",
        memoryRequest: String = "128Mi",
        cpuLimit: String = "500m",
        memoryLimit: String = "512Mi"
    ) {
        self.cpuRequest = cpuRequest
        self.memoryRequest = memoryRequest
        self.cpuLimit = cpuLimit
        self.memoryLimit = memoryLimit
    }
}
