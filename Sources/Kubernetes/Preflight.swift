internal import BuildModel
internal import Synchronization

/// Asks the cluster before the first change whether all that a deployment needs is allowed, so that a missing right does not leave half
/// of one behind. What was allowed once is not asked again.
final class Preflight: Sendable {
    /// A verb on a kind of object.
    struct Right: Sendable, Hashable {
        var verb: String
        var kind: ClusterResource
        var namespace: String
    }

    private let client: ClusterClient
    private let known = Mutex<Set<Right>>([])

    init(client: ClusterClient) {
        self.client = client
    }

    /// What a deployment of the intent needs in any case.
    static func rights(for intent: DeploymentIntent) -> [Right] {
        var needs: [(ClusterResource, [String])] = [
            (.deployment, ["get", "list", "watch", "create", "patch"]), (.service, ["get", "create", "patch"]),
        ]
        if intent.domain != nil { needs.append((.ingress, ["get", "create", "patch"])) }
        if intent.releaseCommand != nil { needs.append((.job, ["list", "watch", "create"])) }
        return needs.flatMap { kind, verbs in
            verbs.map { Right(verb: $0, kind: kind, namespace: intent.namespace) }
        }
    }

    /// - Throws: `BuildFailure` with code `forbidden` that names every right that is missing. A cluster that does not tell is not
    ///   held against anybody: the requests themselves will show.
    func check(_ rights: [Right]) async throws {
        var missing: [Right] = []
        for right in rights where !known.withLock({ $0.contains(right) }) {
            switch try await isAllowed(right) {
            case true?: known.withLock { _ = $0.insert(right) }
            case false?: missing.append(right)
            case nil: return
            }
        }
        guard let first = missing.first else { return }
        let verbs = Dictionary(grouping: missing, by: \.kind.plural).sorted { $0.key < $1.key }
            .map { plural, rights in "\(rights.map(\.verb).joined(separator: ", ")) \(plural)" }
        throw BuildFailure(
            .platform,
            .forbidden,
            operation: "kubernetes.preflight",
            message:
                "The account of \(client.credentials.origin) may not \(verbs.joined(separator: "; nor ")) in namespace "
                + "'\(first.namespace)'. Nothing was changed. The rights that a deployer needs are in config/kubernetes/deployer.yaml."
        )
    }

    /// Nil if the cluster does not tell.
    private func isAllowed(_ right: Right) async throws -> Bool? {
        let attributes: JSONValue = [
            "namespace": .string(right.namespace), "verb": .string(right.verb), "group": .string(right.kind.group),
            "resource": .string(right.kind.plural),
        ]
        let review: JSONValue = [
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": ["resourceAttributes": attributes],
        ]
        do {
            let request = ClusterRequest(.create, .accessReview, namespace: right.namespace, body: review)
            return try await client.send(request).object["status"]?["allowed"]?.bool
        } catch let failure as BuildFailure where failure.fault != .cancelled && failure.code != .unauthorized {
            return nil
        }
    }
}
