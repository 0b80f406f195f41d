internal import BuildModel

/// Whose an object of the cluster is, by its annotations.
struct Ownership {
    var project: String?
    var build: String?
    var epoch: Int64?

    init(of object: JSONValue) {
        let annotations = object["metadata"]?["annotations"]
        project = annotations?[Manifests.Annotation.project]?.string
        build = annotations?[Manifests.Annotation.build]?.string
        epoch = (annotations?[Manifests.Annotation.epoch]?.string).flatMap { Int64($0) }
    }

    /// Throws unless the intent may be applied over the object.
    ///
    /// Epochs are compared between attempts of one build only: those of different builds are counted apart.
    func check(_ intent: DeploymentIntent, _ request: ClusterRequest) throws(BuildFailure) {
        guard project == intent.projectID else { throw foreign(intent, request) }
        guard build == intent.deploymentID, let epoch, epoch > intent.epoch else { return }
        throw BuildFailure(
            .platform,
            .staleEpoch,
            operation: "kubernetes.apply",
            message: "The \(request.subject) was applied under lease \(epoch) of build '\(intent.deploymentID)'; "
                + "this is lease \(intent.epoch), which has been taken over."
        )
    }

    private func foreign(_ intent: DeploymentIntent, _ request: ClusterRequest) -> BuildFailure {
        let owner = project.map { "belongs to project '\($0.prefix(128))'" } ?? "was not made by Slipway"
        let key = Manifests.Annotation.project
        return BuildFailure(
            .platform,
            .deploymentConflict,
            operation: "kubernetes.apply",
            message:
                "The \(request.subject) \(owner). Delete or rename it, or hand it over: kubectl -n \(intent.namespace) "
                + "annotate \(request.kind.rawValue.lowercased()) \(intent.name) --overwrite \(key)=\(intent.projectID)"
        )
    }
}
