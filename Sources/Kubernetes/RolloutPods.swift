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

    init(client: ClusterClient, _ applied: AppliedDeployment, build: String) {
        self.client = client
        namespace = applied.namespace
        labels = ["app.kubernetes.io/name": applied.name, "deployment": LabelValue.make(build)]
    }

    /// What is wrong with them, one entry for each pod that has a trouble, by name.
    func troubles() async throws -> [PodTrouble] {
        let selector = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
        let request = ClusterRequest(
            .list,
            .pod,
            namespace: namespace,
            query: [("labelSelector", selector), ("limit", "50")]
        )
        let pods = try await client.send(request).object["items"]?.array ?? []
        return pods.filter { $0["metadata"]?["deletionTimestamp"] == nil }.compactMap(PodTrouble.init)
            .sorted { $0.pod < $1.pod }
    }

    /// The last warnings about the app's objects, oldest first.
    func warnings(about name: String, limit: Int = 5) async throws -> [String] {
        let request = ClusterRequest(
            .list,
            .event,
            namespace: namespace,
            query: [("fieldSelector", "type=Warning"), ("limit", "500")]
        )
        let events = try await client.send(request).object["items"]?.array ?? []
        return events.filter { $0["involvedObject"]?["name"]?.string?.hasPrefix(name) == true }
            .sorted { Self.time(of: $0) < Self.time(of: $1) }
            .suffix(limit)
            .map { event in
                let object = event["involvedObject"]
                let subject = "\(object?["kind"]?.string ?? "") \(object?["name"]?.string ?? "")"
                let words = PlainText.line(event["message"]?.string ?? "", limit: 400)
                return "\(subject): \(event["reason"]?.string ?? ""): \(words)"
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
