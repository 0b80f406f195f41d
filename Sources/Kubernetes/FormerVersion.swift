internal import BuildModel

/// A former version of an app: everything that was applied for it, as its ReplicaSet carries it.
struct FormerVersion {
    let version: AppVersion
    /// In the order in which they are applied.
    private let kept: [ManifestObject]

    /// The version whose template a Deployment has: the one that was gone back to, else the one that was applied.
    static func version(of deployment: JSONValue) -> AppVersion? {
        let annotations = deployment["metadata"]?["annotations"]
        let build = annotations?[Manifests.Annotation.restored] ?? annotations?[Manifests.Annotation.build]
        return build?.string.map { AppVersion(build: $0, pods: annotations?[Manifests.Annotation.pods]?.string) }
    }

    /// What a rollback that wrote the Deployment last has set out for.
    static func wanted(by deployment: JSONValue) -> AppVersion? {
        (deployment["metadata"]?["annotations"]?[Manifests.Annotation.wanted]?.string).map { AppVersion($0) }
    }

    /// - Throws: `BuildFailure` with code `not_found` if the cluster has not kept it (`revisionHistoryLimit`).
    static func find(
        _ version: AppVersion,
        of live: JSONValue,
        _ namespace: String,
        _ name: String,
        _ client: ClusterClient
    ) async throws -> FormerVersion {
        let labels = (live["spec"]?["selector"]?["matchLabels"]?.object ?? [:]).compactMapValues(\.string)
        let selector = RolloutPods.selector(labels.merging(["deployment": LabelValue.make(version.build)]) { $1 })
        let request = ClusterRequest(.list, .replicaSet, namespace: namespace, query: [("labelSelector", selector)])
        let sets = try await client.send(request).object["items"]?.array ?? []
        let own = sets.filter { set in
            let pods = set["metadata"]?["annotations"]?[Manifests.Annotation.pods]?.string
            return isOwned(set, by: live["metadata"]?["uid"])
                && version.matches(AppVersion(build: version.build, pods: pods))
        }
        guard let newest = own.max(by: { revision(of: $0) < revision(of: $1) }),
            let kept = KeptManifests.objects(of: newest)
        else {
            throw Deployer.missing(
                "The cluster has not kept build '\(version.build)' of Deployment '\(name)' in namespace '\(namespace)': "
                    + "deploy its image again instead."
            )
        }
        // Of a build that is named alone, what was found tells which of its versions it is.
        let pods = newest["metadata"]?["annotations"]?[Manifests.Annotation.pods]?.string
        return FormerVersion(version: AppVersion(build: version.build, pods: pods ?? version.pods), kept: kept)
    }

    /// What was applied, with the stamp of who goes back to it.
    ///
    /// - Parameter wanted: what a rollback has set out for; nil if none was asked for.
    func objects(as stamp: BuildStamp, wanted: AppVersion?) -> [ManifestObject] {
        kept.map { object in
            var object = object
            for (key, value) in Manifests.annotations(stamp) {
                object.manifest = object.manifest.annotated(key, value.string ?? "")
            }
            guard object.kind == .deployment else { return object }
            object.manifest = object.manifest.annotated(Manifests.Annotation.restored, version.build)
            if let pods = version.pods {
                object.manifest = object.manifest.annotated(Manifests.Annotation.pods, pods)
            }
            if let wanted { object.manifest = object.manifest.annotated(Manifests.Annotation.wanted, wanted.text) }
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
