/// A kind of object that the deployer reads or writes.
enum ClusterResource: String, Sendable {
    case deployment = "Deployment"
    case service = "Service"
    case ingress = "Ingress"
    case replicaSet = "ReplicaSet"
    case pod = "Pod"
    case event = "Event"
    case job = "Job"
    case namespace = "Namespace"
    case autoscaler = "HorizontalPodAutoscaler"
    case accessReview = "SelfSubjectAccessReview"

    /// The API group; empty for the core one.
    var group: String {
        switch self {
        case .deployment, .replicaSet: "apps"
        case .ingress: "networking.k8s.io"
        case .job: "batch"
        case .autoscaler: "autoscaling"
        case .accessReview: "authorization.k8s.io"
        case .service, .pod, .event, .namespace: ""
        }
    }

    /// Group and version as they stand in a path. The version is 1 for all of them, in every release since 1.19.
    private var root: String { group.isEmpty ? "/api/v1" : "/apis/\(group)/v1" }

    /// Whether it belongs to no namespace.
    var isGlobal: Bool { self == .namespace || self == .accessReview }

    /// The kind as it stands in paths and roles.
    var plural: String {
        switch self {
        case .deployment: "deployments"
        case .service: "services"
        case .ingress: "ingresses"
        case .replicaSet: "replicasets"
        case .pod: "pods"
        case .event: "events"
        case .job: "jobs"
        case .namespace: "namespaces"
        case .autoscaler: "horizontalpodautoscalers"
        case .accessReview: "selfsubjectaccessreviews"
        }
    }

    /// The path of all objects of the kind.
    func collection(in namespace: String) -> String {
        isGlobal ? "\(root)/\(plural)" : "\(root)/namespaces/\(namespace)/\(plural)"
    }
}
