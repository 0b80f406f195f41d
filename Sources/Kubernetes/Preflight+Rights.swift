extension Preflight {
    /// A verb on a kind of object.
    struct Right: Sendable, Hashable {
        var verb: String
        var kind: ClusterResource
        /// Such as `log`; empty for the object itself.
        var subresource = ""
        var namespace: String

        /// The kind as it stands in a role.
        var resource: String { subresource.isEmpty ? kind.plural : "\(kind.plural)/\(subresource)" }
    }

    /// What every deployment to a namespace needs.
    static func rights(in namespace: String) -> [Right] {
        rights(
            [
                (.deployment, "", ["get", "list", "watch", "create", "patch"]),
                (.service, "", ["get", "create", "patch"]),
            ],
            namespace
        )
    }

    /// What some deployments need: domains, release commands, going back, telling why a rollout does not come to its end, and finding what
    /// a changed template has left.
    static func furtherRights(in namespace: String) -> [Right] {
        let more: [Need] = [(.replicaSet, "", ["list"]), (.ingress, "", ["list"]), (.service, "", ["list"])]
        return rights(ingress + [(.ingress, "", ["delete"])] + release + more, namespace)
    }

    /// What a deployment of the intent needs in any case.
    static func rights(for intent: DeploymentIntent) -> [Right] {
        let more = (intent.domain == nil ? [] : ingress) + (intent.releaseCommand == nil ? [] : release)
        return rights(in: intent.namespace) + rights(more, intent.namespace)
    }

    /// What a rollback needs.
    static func rollbackRights(in namespace: String) -> [Right] {
        rights(in: namespace) + rights([(.replicaSet, "", ["list"])], namespace)
    }

    private typealias Need = (kind: ClusterResource, subresource: String, verbs: [String])

    private static let ingress: [Need] = [(.ingress, "", ["get", "create", "patch"])]

    /// A release command that fails has to be explained, for nobody else has seen it.
    private static let release: [Need] = [
        (.job, "", ["get", "list", "watch", "create", "delete"]), (.pod, "", ["list"]), (.pod, "log", ["get"]),
        (.event, "", ["list"]),
    ]

    private static func rights(_ needs: [Need], _ namespace: String) -> [Right] {
        needs.flatMap { need in
            need.verbs.map { Right(verb: $0, kind: need.kind, subresource: need.subresource, namespace: namespace) }
        }
    }
}
