package import BuildModel

/// An object of a deployment: what it is, and what it shall be.
struct ManifestObject {
    var kind: ClusterResource
    var manifest: JSONValue
}

extension Manifests {
    /// What an intent comes to, in the order in which it is applied.
    static func objects(_ intent: DeploymentIntent) -> [ManifestObject] {
        let always = [
            ManifestObject(kind: .deployment, manifest: deployment(intent)),
            ManifestObject(kind: .service, manifest: service(intent)),
        ]
        return always + (ingress(intent).map { [ManifestObject(kind: .ingress, manifest: $0)] } ?? [])
    }

    /// All objects as documents of one YAML stream (JSON is YAML), as `kubectl apply -f` reads them; equal intents give equal bytes.
    package static func rendered(_ intent: DeploymentIntent) -> String {
        objects(intent).map { "---\n\($0.manifest.prettyText)\n" }.joined()
    }

    /// The `networking.k8s.io/v1` Ingress for the intent's domain; nil without one.
    package static func ingress(_ intent: DeploymentIntent) -> JSONValue? {
        guard let domain = intent.domain else { return nil }
        let backend: JSONValue = [
            "service": ["name": .string(intent.name), "port": ["name": .string(portName)]]
        ]
        var spec: JSONValue = [
            "rules": [
                [
                    "host": .string(domain),
                    "http": ["paths": [["path": "/", "pathType": "Prefix", "backend": backend]]],
                ]
            ]
        ]
        if let name = intent.settings.ingressClass { spec["ingressClassName"] = .string(name) }
        if intent.servesTLS {
            spec["tls"] = [["hosts": [.string(domain)], "secretName": .string("\(intent.name)-tls")]]
        }
        var manifest: JSONValue = [
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata(intent), "spec": spec,
        ]
        for (name, value) in intent.settings.ingressAnnotations { manifest = manifest.annotated(name, value) }
        return manifest
    }
}
