internal import BuildModel

/// The values that a template's variables have: for a deployment, or made up to try a template with.
struct TemplateVariables {
    /// Variables that always have a value, and may stand inside other text.
    static let texts: Set<String> = [
        "name", "project", "deployment", "deploymentName", "namespace", "platform", "image", "port", "livenessPath",
        "readinessPath", "progressDeadlineSeconds",
    ]
    /// Variables that stand alone as a value: lists and objects, and what may have no value, so that its member is left out.
    static let wholes: Set<String> = [
        "env", "resources", "command", "args", "imagePullSecrets", "revision", "domain", "tls", "ingressClass",
        "ingressAnnotations",
    ]

    private let values: [String: JSONValue]

    /// The value of a variable; nil where it has none.
    subscript(name: String) -> JSONValue? { values[name] }

    init(_ intent: DeploymentIntent) {
        var values: [String: JSONValue] = [
            "name": .string(intent.name),
            "project": .string(LabelValue.make(intent.stamp.projectID)),
            "deployment": .string(LabelValue.make(intent.stamp.deploymentID)),
            "namespace": .string(intent.namespace),
            "platform": .string(intent.platform),
            "image": .string(intent.image.description),
            "port": .integer(Int64(intent.port)),
            "livenessPath": .string(intent.livenessPath),
            "readinessPath": .string(intent.readinessPath),
            "progressDeadlineSeconds": .integer(Int64(intent.settings.progressDeadline.components.seconds)),
            "env": .array(Manifests.variables(intent)),
            "resources": Manifests.resources(intent.resources),
        ]
        values["revision"] = intent.revision.map { .string($0) }
        values["domain"] = intent.domain.map { .string($0) }
        values["tls"] = Self.tls(intent)
        values["ingressClass"] = intent.settings.ingressClass.map { .string($0) }
        let (pullSecrets, annotations) = (intent.settings.imagePullSecrets, intent.settings.ingressAnnotations)
        if !pullSecrets.isEmpty { values["imagePullSecrets"] = .array(pullSecrets.map { ["name": .string($0)] }) }
        if !annotations.isEmpty { values["ingressAnnotations"] = Manifests.strings(annotations) }
        if let command = intent.command, let program = command.first {
            values["command"] = Manifests.words([program])
            if command.count > 1 { values["args"] = Manifests.words(Array(command.dropFirst())) }
        }
        let deployment = ObjectName.make(buildID: intent.stamp.deploymentID) { [values] id in
            intent.settings.template.gives(
                names: TemplateVariables(values.merging(["deploymentName": .string(id)]) { $1 })
            )
        }
        values["deploymentName"] = .string(deployment)
        self.values = values
    }

    private static func tls(_ intent: DeploymentIntent) -> JSONValue? {
        guard intent.servesTLS, let domain = intent.domain else { return nil }
        return [["hosts": [.string(domain)], "secretName": .string("\(intent.name)-tls")]]
    }

    /// Values to try a template with.
    ///
    /// - Parameters:
    ///   - project: a project's id.
    ///   - isWhole: whether variables that may have no value have one.
    ///   - namespace: also what a real deployment's names may be made of.
    static func sample(
        project: String,
        build: String,
        isWhole: Bool,
        namespace: String = "default",
        platform: String = "slipway"
    ) -> TemplateVariables {
        var values: [String: JSONValue] = [
            "port": 3000, "progressDeadlineSeconds": 300, "livenessPath": "/health", "readinessPath": "/ready",
            "namespace": .string(namespace), "platform": .string(platform),
            "image": .string("registry.example.com/\(build)"),
            "env": [["name": "PORT", "value": "3000"]],
            "resources": ["requests": ["cpu": "1"], "limits": ["cpu": "1"]],
        ]
        values["name"] = .string(ObjectName.make(projectID: project))
        values["project"] = .string(LabelValue.make(project))
        for name in ["deployment", "deploymentName"] { values[name] = .string(build) }
        guard isWhole else { return TemplateVariables(values) }
        let more: [String: JSONValue] = [
            "command": ["run"], "args": ["all"], "imagePullSecrets": [["name": "registry"]], "revision": .string(build),
            "domain": "shop.example.org", "tls": [["hosts": ["shop.example.org"], "secretName": "shop-tls"]],
            "ingressClass": "nginx", "ingressAnnotations": ["example.org/issuer": "main"],
        ]
        return TemplateVariables(values.merging(more) { $1 })
    }

    private init(_ values: [String: JSONValue]) {
        self.values = values
    }
}
