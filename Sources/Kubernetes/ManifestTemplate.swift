package import BuildModel
internal import Documents
internal import Platform

/// What is applied for a deployment: a Deployment, a Service and perhaps an Ingress, with variables that each deployment fills.
package struct ManifestTemplate: Sendable, Hashable {
    /// Where it comes from, for messages.
    package let origin: String
    /// In the order in which they are applied.
    let objects: [TemplateObject]
    /// Whether each build has a Deployment of its own, so that none replaces another.
    package let isPerBuild: Bool

    /// Reads a template.
    ///
    /// - Parameter path: a YAML file of Kubernetes objects, as documents of their own.
    /// - Throws: `BuildFailure` with code `invalid_configuration` that names file, line and what is wrong, or what reading the file throws.
    package init(file path: String) throws(BuildFailure) {
        try self.init(try Files.read(path, limit: 1 << 20), origin: path)
    }

    /// Reads a template that is at hand.
    ///
    /// - Throws: as `init(file:)`.
    package init(_ bytes: [UInt8], origin: String) throws(BuildFailure) {
        let documents: [YAMLNode]
        do {
            documents = try YAMLDocument.parseAll(bytes, name: origin)
        } catch {
            throw BuildFailure(
                .platform,
                .invalidConfiguration,
                operation: "kubernetes.template",
                message: "The template cannot be read: \(error.message)"
            )
        }
        let checks = TemplateChecks(compiler: TemplateCompiler(origin: origin))
        self.origin = origin
        objects = try checks.objects(documents)
        isPerBuild = try checks.trial(objects)
        try TemplateLengths(namespace: 1, platform: 0).check(objects, origin)
    }

    /// Whether all names and labels that it can make in a namespace are short enough; else what `init(file:)` throws.
    package func check(namespace: String, platform: String) throws(BuildFailure) {
        try TemplateLengths(namespace: namespace.utf8.count, platform: platform.utf8.count).check(objects, origin)
    }

    /// The template that is used where the configuration names none; config/kubernetes/templates/project.yaml is the same.
    package static let builtIn: ManifestTemplate = {
        do {
            return try ManifestTemplate(Array(standard.utf8), origin: "the built-in template")
        } catch {
            fatalError("\(error)")
        }
    }()

    /// The objects for some values; the Ingress only where there is a domain.
    func filled(_ variables: TemplateVariables) -> [ManifestObject] {
        objects.filter { $0.kind != .ingress || variables["domain"] != nil }.map { object in
            let manifest = object.content.filled(variables) ?? [:]
            return ManifestObject(
                kind: object.kind,
                name: manifest["metadata"]?["name"]?.string ?? "",
                manifest: manifest
            )
        }
    }

    /// Whether the objects that are named by `${deploymentName}` have names with these values; without such an object, whether it is
    /// a name itself.
    func gives(names variables: TemplateVariables) -> Bool {
        let named = objects.compactMap { $0.content["metadata"]?["name"] }.filter { $0.has("deploymentName") }
        return (named.isEmpty ? [.variable("deploymentName")] : named)
            .allSatisfy { ObjectName.isLabel($0.filled(variables)?.string ?? "") }
    }

    /// The name of an object of a project, as a deployment of it would have; nil if the template has none of that kind, or names it
    /// after builds.
    func name(of kind: ClusterResource, project: String, _ settings: DeployerSettings) -> String? {
        let content = objects.first { $0.kind == kind }?.content
        let names = ["a", "b"].map { build in
            let variables = TemplateVariables.sample(
                project: project,
                build: build,
                isWhole: true,
                namespace: settings.namespace,
                platform: settings.platform
            )
            return content?.filled(variables)?["metadata"]?["name"]?.string
        }
        return names[0] == names[1] ? names[0] : nil
    }
}

/// An object of a template.
struct TemplateObject: Sendable, Hashable {
    var kind: ClusterResource
    /// Where it begins.
    var line: Int
    var content: TemplateNode
}
