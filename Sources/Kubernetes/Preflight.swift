internal import BuildModel
internal import Synchronization

/// Asks the cluster before the first change whether all that a deployment needs is allowed, so that a missing right does not leave half
/// of one behind. What was allowed once is not asked again.
final class Preflight: Sendable {
    private let client: ClusterClient
    private let known = Mutex<Set<Right>>([])

    init(client: ClusterClient) {
        self.client = client
    }

    /// - Throws: `BuildFailure` with code `forbidden` that names every right that is missing. A cluster that does not tell is not
    ///   held against anybody: the requests themselves will show.
    func check(_ rights: [Right]) async throws {
        let missing: [Right]
        do {
            missing = try await self.missing(rights)
        } catch let failure as BuildFailure where failure.fault != .cancelled && failure.code != .unauthorized {
            return
        }
        guard !missing.isEmpty else { return }
        throw BuildFailure(
            .platform,
            .forbidden,
            operation: "kubernetes.preflight",
            message:
                "The account of \(client.credentials.origin) \(Self.words(missing)). Nothing was changed. The rights that a "
                + "deployer needs are in config/kubernetes/deployer.yaml."
        )
    }

    /// `may not get, patch deployments; nor create services in namespace 'apps'`.
    static func words(_ missing: [Right]) -> String {
        let verbs = Dictionary(grouping: missing, by: \.resource).sorted { $0.key < $1.key }
            .map { plural, rights in "\(rights.map(\.verb).joined(separator: ", ")) \(plural)" }
        return "may not \(verbs.joined(separator: "; nor ")) in namespace '\(missing.first?.namespace ?? "")'"
    }

    /// Those of the rights that the cluster denies.
    ///
    /// - Throws: `BuildFailure` if the cluster cannot be asked.
    func missing(_ rights: [Right]) async throws -> [Right] {
        var missing: [Right] = []
        for right in rights where !known.withLock({ $0.contains(right) }) {
            switch try await isAllowed(right) {
            case true?: known.withLock { _ = $0.insert(right) }
            case false?: missing.append(right)
            case nil: break
            }
        }
        return missing
    }

    /// Nil if the cluster does not tell.
    private func isAllowed(_ right: Right) async throws -> Bool? {
        var attributes: JSONValue = [
            "namespace": .string(right.namespace), "verb": .string(right.verb), "group": .string(right.kind.group),
            "resource": .string(right.kind.plural),
        ]
        if !right.subresource.isEmpty { attributes["subresource"] = .string(right.subresource) }
        let review: JSONValue = [
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": ["resourceAttributes": attributes],
        ]
        let request = ClusterRequest(.create, .accessReview, namespace: right.namespace, body: review)
        return try await client.send(request).object["status"]?["allowed"]?.bool
    }
}
