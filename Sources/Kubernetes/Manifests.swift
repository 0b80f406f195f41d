package import BuildModel

/// The objects of a deployment as JSON: pure functions of the intent, for server-side apply.
///
/// Every member is one that Slipway means to own: no nulls, no status, and no `replicas`, which the server sets to 1 when it
/// creates the Deployment and which then belongs to whoever scales it, a person or an autoscaler.
package enum Manifests {
    /// Annotations by which Slipway knows its objects again.
    package enum Annotation {
        /// The project that the object belongs to, in the producer's words.
        package static let project = "slipway/project"
        /// The build that was applied last.
        package static let build = "slipway/build"
        /// The number of the lease under which it was applied.
        package static let epoch = "slipway/epoch"
        /// When that build was asked for, in milliseconds since 1970.
        package static let queuedAt = "slipway/queued-at"
        /// The commit that was built.
        package static let revision = "slipway/revision"
        /// The builds to go back to, newest first, with commas between.
        package static let goodBuilds = "slipway/good-builds"
        /// The former build that was brought back, and whose pods are the present ones.
        package static let restored = "slipway/restored-build"
    }

    /// The name of the container's port, which probes and the Service go by.
    static let portName = "http"
    static let servicePort: Int64 = 80

    /// The `apps/v1` Deployment. Its selector is the same for all builds of a project, since it can never be changed.
    package static func deployment(_ intent: DeploymentIntent) -> JSONValue {
        [
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata(intent),
            "spec": [
                "progressDeadlineSeconds": .integer(Int64(intent.settings.progressDeadline.components.seconds)),
                "selector": ["matchLabels": strings(selector(intent))],
                "template": [
                    "metadata": ["labels": strings(labels(intent))],
                    "spec": podSpec(intent, [container(intent)]),
                ],
            ],
        ]
    }

    static func podSpec(_ intent: DeploymentIntent, _ containers: [JSONValue]) -> JSONValue {
        var spec: JSONValue = [
            // The app is a stranger to the cluster: it gets no token for its API, and no list of its neighbours.
            "automountServiceAccountToken": false,
            "enableServiceLinks": false,
            "containers": .array(containers),
        ]
        if !intent.settings.imagePullSecrets.isEmpty {
            spec["imagePullSecrets"] = .array(intent.settings.imagePullSecrets.map { ["name": .string($0)] })
        }
        return spec
    }

    /// The `v1` Service: port 80 to the container's port.
    package static func service(_ intent: DeploymentIntent) -> JSONValue {
        [
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata(intent),
            "spec": [
                "selector": strings(selector(intent)),
                "ports": [
                    [
                        "name": .string(portName), "port": .integer(servicePort), "protocol": "TCP",
                        "targetPort": .string(portName),
                    ]
                ],
            ],
        ]
    }

    static func metadata(_ intent: DeploymentIntent) -> JSONValue {
        var own = annotations(intent.stamp)
        if let revision = intent.revision { own[Annotation.revision] = .string(revision) }
        return [
            "name": .string(intent.name),
            "namespace": .string(intent.namespace),
            "labels": strings(labels(intent)),
            "annotations": .object(own),
        ]
    }

    /// By which an object tells whose it is.
    static func annotations(_ stamp: BuildStamp) -> [String: JSONValue] {
        [
            Annotation.project: .string(stamp.projectID),
            Annotation.build: .string(stamp.deploymentID),
            Annotation.epoch: .string(String(stamp.epoch)),
            Annotation.queuedAt: .string(String(stamp.queuedAt)),
        ]
    }

    private static func selector(_ intent: DeploymentIntent) -> [String: String] {
        ["app.kubernetes.io/name": intent.name, "app.kubernetes.io/instance": intent.name]
    }

    static func labels(_ intent: DeploymentIntent) -> [String: String] {
        commonLabels(intent).merging(selector(intent)) { $1 }
    }

    /// Labels that do not make a pod one of the app's.
    static func commonLabels(_ intent: DeploymentIntent) -> [String: String] {
        let own = [
            "deployment": LabelValue.make(intent.stamp.deploymentID),
            "platform": intent.platform,
            "app.kubernetes.io/managed-by": "slipway",
        ]
        return intent.labels.merging(own) { $1 }
    }

    static func strings(_ members: [String: String]) -> JSONValue {
        .object(members.mapValues { .string($0) })
    }
}
