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

    /// Group and version as they stand in a path.
    private var root: String {
        switch self {
        case .deployment, .replicaSet: "/apis/apps/v1"
        case .ingress: "/apis/networking.k8s.io/v1"
        case .job: "/apis/batch/v1"
        case .service, .pod, .event, .namespace: "/api/v1"
        }
    }

    private var plural: String {
        switch self {
        case .deployment: "deployments"
        case .service: "services"
        case .ingress: "ingresses"
        case .replicaSet: "replicasets"
        case .pod: "pods"
        case .event: "events"
        case .job: "jobs"
        case .namespace: "namespaces"
        }
    }

    /// The path of all objects of the kind.
    func collection(in namespace: String) -> String {
        self == .namespace ? "\(root)/\(plural)" : "\(root)/namespaces/\(namespace)/\(plural)"
    }
}
