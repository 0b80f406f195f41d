package import BuildModel

/// The objects of a deployment as JSON: pure functions of the intent and its template, for server-side apply.
///
/// Every member is one that Slipway means to own: no nulls and no status.
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
        /// The versions to go back to, newest first, with commas between: each a build, `@` and what `pods` says.
        package static let goodBuilds = "slipway/good-builds"
        /// The former build that was brought back, and whose pods are the present ones.
        package static let restored = "slipway/restored-build"
        /// What a rollback goes to, whatever has become of it: a later attempt of it goes there too.
        package static let wanted = "slipway/rollback-to"
        /// Stands for the pods' template as it was applied, and tells deployments of one build apart.
        package static let pods = "slipway/pods"
        /// Everything that was applied, as a JSON array of manifests.
        package static let manifests = "slipway/manifests"
    }

    /// The label by which everything of a project is found; its value is made of the project's id and may be shared, so the annotation
    /// decides.
    static let projectLabel = "slipway/project"

    /// What an intent comes to, in the order in which it is applied.
    static func objects(_ intent: DeploymentIntent) -> [ManifestObject] {
        intent.settings.template.filled(TemplateVariables(intent)).map { object in
            var owned = object
            owned.manifest = stamped(object.manifest, intent)
            if object.kind == .deployment {
                label(&owned.manifest, intent, at: ["spec", "template"], defaults: intent.labels)
            }
            return owned
        }
    }

    /// The `apps/v1` Deployment.
    package static func deployment(_ intent: DeploymentIntent) -> JSONValue { object(.deployment, intent) ?? [:] }

    /// The `v1` Service.
    package static func service(_ intent: DeploymentIntent) -> JSONValue { object(.service, intent) ?? [:] }

    /// The `networking.k8s.io/v1` Ingress for the intent's domain; nil without one.
    package static func ingress(_ intent: DeploymentIntent) -> JSONValue? { object(.ingress, intent) }

    private static func object(_ kind: ClusterResource, _ intent: DeploymentIntent) -> JSONValue? {
        objects(intent).first { $0.kind == kind }?.manifest
    }

    /// All objects as documents of one YAML stream (JSON is YAML), as `kubectl apply -f` reads them; equal intents give equal bytes.
    ///
    /// The namespace, if the configuration makes it, and the release command's Job come first.
    package static func rendered(_ intent: DeploymentIntent) -> String {
        var manifests = objects(intent).map(\.manifest)
        if let job = releaseJob(intent) { manifests.insert(job, at: 0) }
        if intent.settings.createsNamespace { manifests.insert(namespace(intent.namespace), at: 0) }
        return rendered(manifests)
    }

    static func rendered(_ manifests: [JSONValue]) -> String {
        manifests.map { "---\n\($0.prettyText)\n" }.joined()
    }

    /// The `v1` Namespace. It belongs to no project.
    static func namespace(_ name: String) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": ["name": .string(name), "labels": ["app.kubernetes.io/managed-by": "slipway"]],
        ]
    }

    /// The `batch/v1` Job of the release command, for somebody else to apply before the rest; nil without one.
    package static func releaseJob(_ intent: DeploymentIntent) -> JSONValue? {
        intent.releaseCommand.map { ReleaseManifest(intent: intent, command: $0).rendered }
    }

    /// The object with its namespace, and with whose it is.
    private static func stamped(_ manifest: JSONValue, _ intent: DeploymentIntent) -> JSONValue {
        var manifest = manifest
        label(&manifest, intent, at: [], defaults: intent.labels.merging(instanceLabels(intent)) { $1 })
        var own = annotations(intent.stamp)
        if let revision = intent.revision { own[Annotation.revision] = .string(revision) }
        var metadata = manifest["metadata"] ?? [:]
        metadata["namespace"] = .string(intent.namespace)
        metadata["annotations"] = .object((metadata["annotations"]?.object ?? [:]).merging(own) { $1 })
        manifest["metadata"] = metadata
        return manifest
    }

    /// Adds labels to the metadata of the object at a path: defaults give way to the template's, those to Slipway's own.
    private static func label(
        _ object: inout JSONValue,
        _ intent: DeploymentIntent,
        at path: [String],
        defaults: [String: String]
    ) {
        if let first = path.first {
            var member = object[first] ?? [:]
            label(&member, intent, at: Array(path.dropFirst()), defaults: defaults)
            object[first] = member
            return
        }
        var metadata = object["metadata"] ?? [:]
        let given = (metadata["labels"]?.object ?? [:]).compactMapValues(\.string)
        metadata["labels"] = strings(defaults.merging(given) { $1 }.merging(ownLabels(intent)) { $1 })
        object["metadata"] = metadata
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

    /// Labels that everything of a build has. They do not make a pod one of the app's by themselves.
    static func commonLabels(_ intent: DeploymentIntent) -> [String: String] {
        intent.labels.merging(ownLabels(intent)) { $1 }
    }

    /// Of the objects alone: on pods they would be what Services of templates select by.
    private static func instanceLabels(_ intent: DeploymentIntent) -> [String: String] {
        ["app.kubernetes.io/name": intent.name, "app.kubernetes.io/instance": intent.name]
    }

    private static func ownLabels(_ intent: DeploymentIntent) -> [String: String] {
        [
            "deployment": LabelValue.make(intent.stamp.deploymentID),
            "platform": intent.platform,
            "app.kubernetes.io/managed-by": "slipway",
            projectLabel: LabelValue.make(intent.stamp.projectID),
        ]
    }

    static func strings(_ members: [String: String]) -> JSONValue {
        .object(members.mapValues { .string($0) })
    }
}

/// An object of a deployment: what it is, and what it shall be.
struct ManifestObject {
    var kind: ClusterResource
    var name: String
    var manifest: JSONValue
}
