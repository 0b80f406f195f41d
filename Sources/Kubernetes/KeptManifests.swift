internal import BuildModel
internal import Documents

/// What was applied for a build, whole, as an annotation of its Deployment: what going back to that build applies again.
///
/// A Deployment's controller copies its annotations to the ReplicaSet of its present template, and keeps that as long as
/// `revisionHistoryLimit` says. So each build's ReplicaSet carries what was applied with it, in storage that the cluster tidies by itself,
/// and no right is needed that a deployment does not need anyway.
enum KeptManifests {
    /// In bytes. All annotations of an object together may have 256 KiB; beyond this the pods' template is left out, since the ReplicaSet
    /// has it too, with the defaults that the cluster has filled in.
    static let limit = 96 << 10

    /// Adds them to the manifest of the Deployment that is one of them.
    static func stamped(on deployment: JSONValue, _ objects: [ManifestObject]) -> JSONValue {
        let whole = JSONValue.array(objects.map(\.manifest)).canonicalText
        guard whole.utf8.count > limit else { return deployment.annotated(Manifests.Annotation.manifests, whole) }
        let slim = objects.map { $0.kind == .deployment ? $0.manifest.replacingTemplate(nil) : $0.manifest }
        return deployment.annotated(Manifests.Annotation.manifests, JSONValue.array(slim).canonicalText)
    }

    /// - Returns: nil if the ReplicaSet carries none.
    static func objects(of replicaSet: JSONValue) -> [ManifestObject]? {
        guard let text = replicaSet["metadata"]?["annotations"]?[Manifests.Annotation.manifests]?.string,
            let documents = (try? JSONDocument.parse(text))?.array
        else { return nil }
        let objects = documents.compactMap { document -> ManifestObject? in
            guard let kind = (document["kind"]?.string).flatMap({ ClusterResource(rawValue: $0) }),
                let name = document["metadata"]?["name"]?.string
            else { return nil }
            let isSlim = kind == .deployment && document["spec"]?["template"] == nil
            let manifest = isSlim ? document.replacingTemplate(template(of: replicaSet)) : document
            return ManifestObject(kind: kind, name: name, manifest: manifest)
        }
        return objects.contains { $0.kind == .deployment } ? objects : nil
    }

    /// The pods' template, without what the controller has added to tell the pods of ReplicaSets apart.
    private static func template(of replicaSet: JSONValue) -> JSONValue? {
        guard var template = replicaSet["spec"]?["template"] else { return nil }
        var metadata = template["metadata"] ?? [:]
        var labels = metadata["labels"] ?? [:]
        labels["pod-template-hash"] = nil
        metadata["labels"] = labels
        metadata["creationTimestamp"] = nil
        template["metadata"] = metadata
        return template
    }
}

extension JSONValue {
    fileprivate func replacingTemplate(_ template: JSONValue?) -> JSONValue {
        var object = self
        var spec = object["spec"] ?? [:]
        spec["template"] = template
        object["spec"] = spec
        return object
    }
}
