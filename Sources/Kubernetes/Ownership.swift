internal import BuildModel

/// Whose an object of the cluster is, by its annotations.
struct Ownership {
    var project: String?
    var build: String?
    var epoch: Int64?
    /// When that build was asked for, in milliseconds since 1970.
    var queuedAt: Int64?

    init(of object: JSONValue) {
        let annotations = object["metadata"]?["annotations"]
        func number(_ name: String) -> Int64? { (annotations?[name]?.string).flatMap { Int64($0) } }
        project = annotations?[Manifests.Annotation.project]?.string
        build = annotations?[Manifests.Annotation.build]?.string
        epoch = number(Manifests.Annotation.epoch)
        queuedAt = number(Manifests.Annotation.queuedAt)
    }

    /// Throws unless the holder of `stamp` may write over the object.
    ///
    /// Attempts of one build are ordered by the epochs of their leases, builds by when they were asked for: a retry of an old build gets
    /// a new epoch, but does not become a newer build by that.
    func check(_ stamp: BuildStamp, _ request: ClusterRequest) throws(BuildFailure) {
        guard project == stamp.projectID else { throw foreign(stamp, request) }
        if build == stamp.deploymentID {
            guard let epoch, epoch > stamp.epoch else { return }
            throw staleEpoch(epoch, stamp, request)
        }
        guard isNewer(than: stamp) else { return }
        throw BuildFailure(
            .cancelled,
            .superseded,
            operation: "kubernetes.apply",
            message: "The \(request.subject) is from build '\((build ?? "").prefix(128))', which was asked for after "
                + "build '\(stamp.deploymentID)': the newer one stays."
        )
    }

    /// Whether it was written by an attempt of the same build: an id may be used again for another one.
    func isSameBuild(as stamp: BuildStamp) -> Bool { build == stamp.deploymentID && queuedAt == stamp.queuedAt }

    private func isNewer(than stamp: BuildStamp) -> Bool {
        guard let queuedAt else { return false }
        return queuedAt == stamp.queuedAt ? (epoch ?? 0) > stamp.epoch : queuedAt > stamp.queuedAt
    }

    private func staleEpoch(_ epoch: Int64, _ stamp: BuildStamp, _ request: ClusterRequest) -> BuildFailure {
        BuildFailure(
            .platform,
            .staleEpoch,
            operation: "kubernetes.apply",
            message: "The \(request.subject) was applied under lease \(epoch) of build '\(stamp.deploymentID)'; "
                + "this is lease \(stamp.epoch), which has been taken over."
        )
    }

    private func foreign(_ stamp: BuildStamp, _ request: ClusterRequest) -> BuildFailure {
        let owner = project.map { "belongs to project '\($0.prefix(128))'" } ?? "was not made by Slipway"
        let key = Manifests.Annotation.project
        return BuildFailure(
            .platform,
            .deploymentConflict,
            operation: "kubernetes.apply",
            message:
                "The \(request.subject) \(owner). Delete or rename it, or hand it over: kubectl -n \(request.namespace) "
                + "annotate \(request.kind.rawValue.lowercased()) \(request.name) --overwrite \(key)=\(stamp.projectID)"
        )
    }
}
