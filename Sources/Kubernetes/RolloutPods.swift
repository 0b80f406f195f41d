internal import BuildModel

/// Looks at the pods of one version of an app: what keeps them from being ready, and what they said last.
struct RolloutPods: Sendable {
    let client: ClusterClient
    let namespace: String
    /// Selects the pods of this version and no others.
    let labels: [String: String]

    init(client: ClusterClient, namespace: String, labels: [String: String]) {
        self.client = client
        self.namespace = namespace
        self.labels = labels
    }

    /// The pods of the newest ReplicaSet of a Deployment, with that set's name; nil as long as there is none of the build.
    static func newest(
        of applied: AppliedDeployment,
        build: String,
        _ client: ClusterClient
    ) async throws -> (pods: RolloutPods, set: String)? {
        let labels = applied.selector.merging(["deployment": LabelValue.make(build)]) { $1 }
        let request = ClusterRequest(
            .list,
            .replicaSet,
            namespace: applied.namespace,
            query: [("labelSelector", selector(labels))]
        )
        let sets = try await client.send(request).object["items"]?.array ?? []
        let newest = sets.filter { set in
            set["metadata"]?["ownerReferences"]?.array?.contains { $0["uid"]?.string == applied.uid } == true
        }.max { FormerVersion.revision(of: $0) < FormerVersion.revision(of: $1) }
        guard let metadata = newest?["metadata"], let name = metadata["name"]?.string,
            let hash = metadata["labels"]?["pod-template-hash"]?.string
        else { return nil }
        let own = labels.merging(["pod-template-hash": hash]) { $1 }
        return (RolloutPods(client: client, namespace: applied.namespace, labels: own), name)
    }

    /// Labels as the API selects by them.
    static func selector(_ labels: [String: String]) -> String {
        labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    /// What is wrong with them, one entry for each pod that has a trouble, by name.
    func troubles() async throws -> [PodTrouble] {
        let request = ClusterRequest(
            .list,
            .pod,
            namespace: namespace,
            query: [("labelSelector", Self.selector(labels)), ("limit", "50")]
        )
        let pods = try await client.send(request).object["items"]?.array ?? []
        return pods.filter { $0["metadata"]?["deletionTimestamp"] == nil }.compactMap(PodTrouble.init)
            .sorted { $0.pod < $1.pod }
    }

    /// The last warnings about a Deployment, its ReplicaSet and that one's pods, oldest first.
    static func warnings(
        about applied: AppliedDeployment,
        set: String?,
        _ client: ClusterClient,
        limit: Int = 5
    ) async throws -> [String] {
        let request = ClusterRequest(
            .list,
            .event,
            namespace: applied.namespace,
            query: [("fieldSelector", "type=Warning"), ("limit", "500")]
        )
        let events = try await client.send(request).object["items"]?.array ?? []
        return events.filter { isAbout($0["involvedObject"], applied, set) }
            .sorted { time(of: $0) < time(of: $1) }
            .suffix(limit)
            .map { event in
                let object = event["involvedObject"]
                let subject = "\(object?["kind"]?.string ?? "") \(object?["name"]?.string ?? "")"
                let words = PlainText.line(event["message"]?.string ?? "", limit: 400)
                return "\(subject): \(event["reason"]?.string ?? ""): \(words)"
            }
    }

    private static func isAbout(_ object: JSONValue?, _ applied: AppliedDeployment, _ set: String?) -> Bool {
        let name = object?["name"]?.string ?? ""
        switch object?["kind"]?.string {
        case "Deployment": return name == applied.name
        case "ReplicaSet": return name == set
        case "Pod": return set.map { name.hasPrefix($0 + "-") } == true
        default: return false
        }
    }

    private static func time(of event: JSONValue) -> String {
        event["lastTimestamp"]?.string ?? event["eventTime"]?.string ?? event["metadata"]?["creationTimestamp"]?.string
            ?? ""
    }

    /// The last lines that a container wrote before it ended.
    func lastLines(of trouble: PodTrouble, container: String, limit: Int = 20) async throws -> [String] {
        let request = ClusterRequest(
            .log,
            .pod,
            namespace: namespace,
            name: trouble.pod,
            query: [
                ("container", container), ("previous", trouble.reason == "CrashLoopBackOff" ? "true" : "false"),
                ("tailLines", String(limit)), ("limitBytes", "65536"),
            ]
        )
        let text = try await client.text(request)
        return text.split(whereSeparator: \.isNewline).suffix(limit).map { PlainText.line(String($0), limit: 1000) }
    }
}
