internal import BuildModel

/// A former version of an app: everything that was applied for it, as its ReplicaSet carries it.
struct FormerVersion {
    let build: String
    /// In the order in which they are applied.
    private let kept: [ManifestObject]

    /// The build whose template a Deployment has: the one that was gone back to, else the one that was applied.
    static func build(of deployment: JSONValue) -> String? {
        restored(by: deployment) ?? deployment["metadata"]?["annotations"]?[Manifests.Annotation.build]?.string
    }

    /// The build that whoever wrote the Deployment last has brought back.
    static func restored(by deployment: JSONValue) -> String? {
        deployment["metadata"]?["annotations"]?[Manifests.Annotation.restored]?.string
    }

    /// - Throws: `BuildFailure` with code `not_found` if the cluster has not kept it (`revisionHistoryLimit`).
    static func find(
        _ build: String,
        of live: JSONValue,
        _ namespace: String,
        _ name: String,
        _ client: ClusterClient
    ) async throws -> FormerVersion {
        let labels = (live["spec"]?["selector"]?["matchLabels"]?.object ?? [:]).compactMapValues(\.string)
        let selector = RolloutPods.selector(labels.merging(["deployment": LabelValue.make(build)]) { $1 })
        let request = ClusterRequest(.list, .replicaSet, namespace: namespace, query: [("labelSelector", selector)])
        let sets = try await client.send(request).object["items"]?.array ?? []
        let own = sets.filter { isOwned($0, by: live["metadata"]?["uid"]) }
        guard let newest = own.max(by: { revision(of: $0) < revision(of: $1) }),
            let kept = KeptManifests.objects(of: newest)
        else {
            throw Deployer.missing(
                "The cluster has not kept build '\(build)' of Deployment '\(name)' in namespace '\(namespace)': "
                    + "deploy its image again instead."
            )
        }
        return FormerVersion(build: build, kept: kept)
    }

    /// What was applied, with the stamp of who goes back to it.
    func objects(as stamp: BuildStamp) -> [ManifestObject] {
        kept.map { object in
            var object = object
            for (key, value) in Manifests.annotations(stamp) {
                object.manifest = object.manifest.annotated(key, value.string ?? "")
            }
            guard object.kind == .deployment else { return object }
            object.manifest = object.manifest.annotated(Manifests.Annotation.restored, build)
            // The next rollback to it needs it as it is here.
            object.manifest = KeptManifests.stamped(on: object.manifest, kept)
            return object
        }
    }

    private static func isOwned(_ set: JSONValue, by uid: JSONValue?) -> Bool {
        set["metadata"]?["ownerReferences"]?.array?.contains { $0["uid"] == uid } == true
    }

    static func revision(of set: JSONValue) -> Int64 {
        let text = set["metadata"]?["annotations"]?["deployment.kubernetes.io/revision"]?.string
        return text.flatMap { Int64($0) } ?? 0
    }
}
