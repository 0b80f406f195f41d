internal import BuildModel

/// What has to hold of one object that a template makes; the cluster checks the rest.
struct TemplateShape {
    let manifest: JSONValue
    let image: JSONValue?
    let build: String

    func check(_ object: TemplateObject, _ compiler: TemplateCompiler) throws(BuildFailure) {
        guard let problem = problem(object.kind) else { return }
        throw compiler.invalid(object.line, problem)
    }

    private func problem(_ kind: ClusterResource) -> String? {
        switch kind {
        case .deployment: deployment
        case .service: service
        default: manifest["spec"]?.object == nil ? "has an Ingress without spec" : nil
        }
    }

    private var deployment: String? {
        let spec = manifest["spec"]
        guard let selector = spec?["selector"]?["matchLabels"]?.object, !selector.isEmpty else {
            return "has a Deployment without spec.selector.matchLabels"
        }
        let labels = (spec?["template"]?["metadata"]?["labels"]?.object ?? [:]).merging(added) { $1 }
        if let missing = selector.first(where: { labels[$0.key] != $0.value }) {
            return "has a Deployment whose pods do not have the label '\(missing.key)' that spec.selector asks for"
        }
        let containers = spec?["template"]?["spec"]?["containers"]?.array ?? []
        guard containers.contains(where: { $0["image"] == image && $0["name"]?.string != nil }) else {
            return "has a Deployment without a named container whose image is ${image}"
        }
        if let replicas = spec?["replicas"], (replicas.integer ?? -1) < 0 {
            return "has a Deployment whose replicas is no whole number"
        }
        return nil
    }

    private var service: String? {
        guard let selector = manifest["spec"]?["selector"]?.object, !selector.isEmpty else {
            return "has a Service without spec.selector"
        }
        guard manifest["spec"]?["ports"]?.array?.isEmpty == false else { return "has a Service without spec.ports" }
        return nil
    }

    /// The labels that every pod gets.
    private var added: [String: JSONValue] {
        ["deployment": .string(build), "platform": "slipway", "app.kubernetes.io/managed-by": "slipway"]
    }
}
