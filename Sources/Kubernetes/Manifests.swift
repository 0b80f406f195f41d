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
        /// The commit that was built.
        package static let revision = "slipway/revision"
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
                "selector": ["matchLabels": strings(selector(intent))],
                "template": [
                    "metadata": ["labels": strings(labels(intent))],
                    "spec": [
                        // The app is a stranger to the cluster: it gets no token for its API, and no list of its neighbours.
                        "automountServiceAccountToken": false,
                        "enableServiceLinks": false,
                        "containers": [container(intent)],
                    ],
                ],
            ],
        ]
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

    private static func metadata(_ intent: DeploymentIntent) -> JSONValue {
        [
            "name": .string(intent.name),
            "namespace": .string(intent.namespace),
            "labels": strings(labels(intent)),
            "annotations": [
                Annotation.project: .string(intent.projectID),
                Annotation.build: .string(intent.deploymentID),
                Annotation.epoch: .string(String(intent.epoch)),
                Annotation.revision: .string(intent.revision.hex),
            ],
        ]
    }

    private static func selector(_ intent: DeploymentIntent) -> [String: String] {
        ["app.kubernetes.io/name": intent.name, "app.kubernetes.io/instance": intent.name]
    }

    private static func labels(_ intent: DeploymentIntent) -> [String: String] {
        let own = [
            "deployment": LabelValue.make(intent.deploymentID),
            "platform": intent.platform,
            "app.kubernetes.io/managed-by": "slipway",
        ]
        return intent.labels.merging(own) { $1 }.merging(selector(intent)) { $1 }
    }

    private static func strings(_ members: [String: String]) -> JSONValue {
        .object(members.mapValues { .string($0) })
    }
}
