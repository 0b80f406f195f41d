import BuildModel
import Documents
import HTTPTransport
import Kubernetes
import TestSupport

/// A namespace of its own in the shared API server, and deployers that work on it.
struct DeployFixture {
    let server: KubernetesServer
    let namespace: String
    let log = CollectedLog()
    private static let http = HTTPClient(label: "kubernetes-tests")

    init() async throws {
        server = try await KubernetesServer.shared
        namespace = try await server.makeNamespace()
    }

    var settings: DeployerSettings {
        DeployerSettings(namespace: namespace, attempts: 3, retryDelay: .milliseconds(10))
    }

    /// An intent for this namespace.
    func intent(
        _ request: BuildRequest = Sample.request(),
        image: Character = "a",
        epoch: Int64 = 7
    ) throws -> DeploymentIntent {
        try Sample.intent(request, image: image, epoch: epoch, settings: settings)
    }

    /// Applies as the administrator, or as whom `credentials` names.
    @discardableResult
    func apply(
        _ intent: DeploymentIntent,
        as credentials: ClusterCredentials? = nil,
        confirm: @Sendable () async throws -> Void = {}
    ) async throws -> AppliedDeployment {
        let credentials = try credentials ?? ClusterCredentials.load(kubeconfig: server.kubeconfig)
        return try await Deployer(credentials: credentials, http: Self.http, settings: settings)
            .apply(intent, confirm: confirm, log: log)
    }

    /// An object as kubectl sees it.
    func object(_ kind: String, _ name: String = "shop") async throws -> JSONValue {
        try JSONDocument.parse(try await server.mustKubectl(["-n", namespace, "get", kind, name, "-o", "json"]))
    }

    /// Whether kubectl finds an object.
    func exists(_ kind: String, _ name: String = "shop") async throws -> Bool {
        try await !server.mustKubectl(["-n", namespace, "get", kind, name, "--ignore-not-found", "-o", "name"]).isEmpty
    }

    func kubectl(_ words: String..., input: String = "") async throws {
        try await server.mustKubectl(["-n", namespace] + words, input: input)
    }
}

extension JSONValue {
    /// The image of a Deployment's container.
    var deployedImage: String? {
        self["spec"]?["template"]?["spec"]?["containers"]?.array?.first?["image"]?.string
    }

    func annotation(_ name: String) -> String? { self["metadata"]?["annotations"]?[name]?.string }
}
