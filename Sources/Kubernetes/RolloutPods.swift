internal import BuildModel

/// Looks at the pods of one version of an app: what keeps them from being ready, and what they said last.
struct RolloutPods: Sendable {
    let client: ClusterClient
    let namespace: String
    /// Selects the pods of this version and no others.
    let labels: [String: String]
    /// Events before that are of others with the same names: RFC 3339 in UTC.
    let since: String
    private static let eventPages = 20

    init(client: ClusterClient, namespace: String, labels: [String: String], since: String = "") {
        self.since = since
        self.client = client
        self.namespace = namespace
        self.labels = labels
    }

    /// The pods of the newest ReplicaSet of a Deployment, or of none as long as there is none of the build.
    static func newest(of applied: AppliedDeployment, build: String, _ client: ClusterClient) async throws -> PodScope {
        let labels = applied.selector.merging(["deployment": LabelValue.make(build)]) { $1 }
        let request = ClusterRequest(
            .list,
            .replicaSet,
            namespace: applied.namespace,
            query: [("labelSelector", selector(labels))]
        )
        let sets = try await client.send(request).object["items"]?.array ?? []
        let own = sets.filter { set in
            set["metadata"]?["ownerReferences"]?.array?.contains { $0["uid"]?.string == applied.uid } == true
        }
        // The build may have been deployed before with other pods, which say nothing of these.
        let newest = own.filter { set in
            let pods = set["metadata"]?["annotations"]?[Manifests.Annotation.pods]?.string
            return applied.pods == nil || pods == applied.pods
        }.max { FormerVersion.revision(of: $0) < FormerVersion.revision(of: $1) }
        // No hash has this word.
        let others = own.isEmpty ? [:] : ["pod-template-hash": "none"]
        var scope = PodScope(
            pods: RolloutPods(client: client, namespace: applied.namespace, labels: labels.merging(others) { $1 }),
            owners: [(.deployment, applied.name)]
        )
        guard let metadata = newest?["metadata"], let name = metadata["name"]?.string,
            let hash = metadata["labels"]?["pod-template-hash"]?.string
        else { return scope }
        scope.pods = RolloutPods(
            client: client,
            namespace: applied.namespace,
            labels: labels.merging(["pod-template-hash": hash]) { $1 }
        )
        scope.owners.append((.replicaSet, name))
        return scope
    }

    /// Labels as the API selects by them.
    static func selector(_ labels: [String: String]) -> String {
        labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    /// At most fifty of them, without those that are going.
    func list() async throws -> [JSONValue] {
        let request = ClusterRequest(
            .list,
            .pod,
            namespace: namespace,
            query: [("labelSelector", Self.selector(labels)), ("limit", "50")]
        )
        let pods = try await client.send(request).object["items"]?.array ?? []
        return pods.filter { $0["metadata"]?["deletionTimestamp"] == nil }
    }

    /// What is wrong with pods, one entry for each that has a trouble, by name.
    static func troubles(_ pods: [JSONValue]) -> [PodTrouble] {
        pods.compactMap(PodTrouble.init).sorted { $0.pod < $1.pod }
    }

    /// The last warnings about some objects and the pods of the last of them, oldest first.
    func warnings(about owners: [(kind: ClusterResource, name: String)], limit: Int = 5) async throws -> [String] {
        let found = try await warnings { event in
            Self.isAbout(event["involvedObject"], owners) && Self.time(of: event).prefix(19) >= since.prefix(19)
        }
        return found.sorted { Self.time(of: $0) < Self.time(of: $1) }.suffix(limit).map { event in
            let object = event["involvedObject"]
            let subject = "\(object?["kind"]?.string ?? "") \(object?["name"]?.string ?? "")"
            let words = PlainText.line(event["message"]?.string ?? "", limit: 400)
            return "\(subject): \(event["reason"]?.string ?? ""): \(words)"
        }
    }

    /// The warnings of the namespace that are wanted, page by page: a busy namespace has thousands, by the names of what they are about.
    private func warnings(where isWanted: (JSONValue) -> Bool) async throws -> [JSONValue] {
        var found: [JSONValue] = []
        var page: String?
        for _ in 0..<Self.eventPages {
            var query = [("fieldSelector", "type=Warning"), ("limit", "500")]
            if let page { query.append(("continue", page)) }
            let list = try await client.send(ClusterRequest(.list, .event, namespace: namespace, query: query)).object
            found += (list["items"]?.array ?? []).filter(isWanted)
            page = list["metadata"]?["continue"]?.string
            guard let page, !page.isEmpty else { break }
        }
        return found
    }

    private static func isAbout(_ object: JSONValue?, _ owners: [(kind: ClusterResource, name: String)]) -> Bool {
        let (kind, name) = (object?["kind"]?.string ?? "", object?["name"]?.string ?? "")
        guard kind == "Pod" else { return owners.contains { $0.kind.rawValue == kind && $0.name == name } }
        return owners.last.map { $0.kind != .deployment && name.hasPrefix(podPrefix($0.name)) } == true
    }

    /// What names of pods begin with: the API server cuts it, so that five more characters make a host's name.
    private static func podPrefix(_ owner: String) -> String {
        String("\(owner)-".prefix(58))
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
                ("container", container), ("previous", trouble.isFormerRun ? "true" : "false"),
                ("tailLines", String(limit)), ("limitBytes", "65536"),
            ]
        )
        let text = try await client.text(request)
        return text.split(whereSeparator: \.isNewline).suffix(limit).map { PlainText.line(String($0), limit: 1000) }
    }
}
