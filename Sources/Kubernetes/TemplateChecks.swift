internal import BuildModel
internal import Documents

/// Looks a template through before it is used, so that what is wrong with it is said at the start and not at the first deployment.
struct TemplateChecks {
    let compiler: TemplateCompiler

    private static let kinds: [(kind: ClusterResource, version: String)] = [
        (.deployment, "apps/v1"), (.service, "v1"), (.ingress, "networking.k8s.io/v1"),
    ]
    /// What the cluster or Slipway alone sets.
    private static let reserved = [
        "managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "generateName", "selfLink",
        "ownerReferences",
    ]

    /// The template's objects in the order in which they are applied.
    func objects(_ documents: [YAMLNode]) throws(BuildFailure) -> [TemplateObject] {
        var objects: [TemplateObject] = []
        for document in documents {
            let object = TemplateObject(
                kind: try kind(of: document),
                line: document.line,
                content: try compiler.node(document)
            )
            guard !objects.contains(where: { $0.kind == object.kind }) else {
                throw compiler.invalid(document.line, "has a second \(object.kind.rawValue); it may have one")
            }
            try checkMetadata(document)
            objects.append(object)
        }
        for kind in [ClusterResource.deployment, .service] where !objects.contains(where: { $0.kind == kind }) {
            throw compiler.invalid(1, "has no \(kind.rawValue)")
        }
        let order = Self.kinds.map(\.kind)
        return objects.sorted { (order.firstIndex(of: $0.kind) ?? 0) < (order.firstIndex(of: $1.kind) ?? 0) }
    }

    private func kind(of document: YAMLNode) throws(BuildFailure) -> ClusterResource {
        let (version, kind) = (document["apiVersion"]?.string ?? "", document["kind"]?.string ?? "")
        guard let found = Self.kinds.first(where: { $0.version == version && $0.kind.rawValue == kind }) else {
            let known = Self.kinds.map { "\($0.version) \($0.kind.rawValue)" }.joined(separator: ", ")
            throw compiler.invalid(
                document.line,
                "has an object of apiVersion '\(version)' and kind '\(kind)'; there may be \(known)"
            )
        }
        return found.kind
    }

    private func checkMetadata(_ document: YAMLNode) throws(BuildFailure) {
        let metadata = document["metadata"]
        guard let name = metadata?["name"]?.string, !name.isEmpty else {
            throw compiler.invalid(document.line, "has an object without metadata.name")
        }
        if let entry = metadata?.entries?.first(where: { Self.reserved.contains($0.key) }) {
            throw compiler.invalid(entry.line, "sets metadata.\(entry.key), which is the cluster's to set")
        }
        if let namespace = metadata?["namespace"], namespace.string != "${namespace}" {
            throw compiler.invalid(namespace.line, "sets a namespace of its own; kubernetes.namespace says which it is")
        }
        if let status = document.entries?.first(where: { $0.key == "status" }) {
            throw compiler.invalid(status.line, "sets status, which is the cluster's to set")
        }
    }

    /// Fills the template for made-up deployments and compares what comes out; returns whether builds have Deployments of their own.
    func trial(_ objects: [TemplateObject]) throws(BuildFailure) -> Bool {
        var isPerBuild = false
        for object in objects {
            let first = try trial(object, "shop", "d1")
            try checkNames(object, first)
            let next = try trial(object, "shop", "d2")
            guard object.kind == .deployment else { continue }
            isPerBuild = first["metadata"]?["name"] != next["metadata"]?["name"]
            guard isPerBuild || first["spec"]?["selector"] == next["spec"]?["selector"] else {
                throw compiler.invalid(
                    object.line,
                    "has a Deployment whose spec.selector differs between builds while its name does not; "
                        + "a selector can never be changed"
                )
            }
        }
        return isPerBuild
    }

    private func trial(_ object: TemplateObject, _ project: String, _ build: String) throws(BuildFailure) -> JSONValue {
        let variables = TemplateVariables.sample(project: project, build: build, isWhole: true)
        let bare = TemplateVariables.sample(project: project, build: build, isWhole: false)
        guard let manifest = object.content.filled(variables), let least = object.content.filled(bare) else {
            return [:]
        }
        for manifest in object.kind == .ingress ? [manifest] : [manifest, least] {
            try TemplateShape(manifest: manifest, image: variables["image"], build: build)
                .check(object, compiler)
        }
        return manifest
    }

    private func checkNames(_ object: TemplateObject, _ first: JSONValue) throws(BuildFailure) {
        let other = try trial(object, "blog", "d3")
        let name = first["metadata"]?["name"]?.string ?? ""
        guard ObjectName.isLabel(name) else {
            throw compiler.invalid(
                object.line,
                "makes '\(name)' the name of a \(object.kind.rawValue); a name has lower-case letters, digits and '-', "
                    + "and begins with a letter"
            )
        }
        guard first["metadata"]?["name"] != other["metadata"]?["name"] else {
            throw compiler.invalid(
                object.line,
                "gives the \(object.kind.rawValue)s of all projects one name: use ${name}"
            )
        }
        guard object.kind == .ingress || first["spec"]?["selector"] != other["spec"]?["selector"] else {
            throw compiler.invalid(
                object.line,
                "gives the \(object.kind.rawValue)s of all projects one spec.selector, so that they would share pods"
            )
        }
    }
}
