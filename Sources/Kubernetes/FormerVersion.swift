internal import BuildModel

/// A former version of an app, as the cluster keeps it in a ReplicaSet.
struct FormerVersion {
    let build: String
    private let selector: JSONValue
    private let template: JSONValue
    private let progressDeadline: JSONValue?
    private let labels: JSONValue

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
            let template = newest["spec"]?["template"]
        else {
            throw Deployer.missing(
                "The cluster has not kept build '\(build)' of Deployment '\(name)' in namespace '\(namespace)': "
                    + "deploy its image again instead."
            )
        }
        return FormerVersion(build, live, template)
    }

    private init(_ build: String, _ live: JSONValue, _ template: JSONValue) {
        self.build = build
        selector = live["spec"]?["selector"] ?? [:]
        progressDeadline = live["spec"]?["progressDeadlineSeconds"]
        var metadata: JSONValue = [:]
        var labels = template["metadata"]?["labels"]?.object ?? [:]
        labels["pod-template-hash"] = nil
        metadata["labels"] = .object(labels)
        if let annotations = template["metadata"]?["annotations"] { metadata["annotations"] = annotations }
        self.labels = .object(labels)
        var plain = template
        plain["metadata"] = metadata
        self.template = plain
    }

    /// The Deployment with this version's pods and the stamp of who goes back to it.
    func manifest(as stamp: BuildStamp, _ namespace: String, _ name: String) -> JSONValue {
        var spec: JSONValue = ["selector": selector, "template": template]
        if let progressDeadline { spec["progressDeadlineSeconds"] = progressDeadline }
        return [
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": [
                "name": .string(name),
                "namespace": .string(namespace),
                "labels": labels,
                "annotations": .object(
                    Manifests.annotations(stamp).merging([Manifests.Annotation.restored: .string(build)]) { $1 }
                ),
            ],
            "spec": spec,
        ]
    }

    private static func isOwned(_ set: JSONValue, by uid: JSONValue?) -> Bool {
        set["metadata"]?["ownerReferences"]?.array?.contains { $0["uid"] == uid } == true
    }

    static func revision(of set: JSONValue) -> Int64 {
        let text = set["metadata"]?["annotations"]?["deployment.kubernetes.io/revision"]?.string
        return text.flatMap { Int64($0) } ?? 0
    }
}
