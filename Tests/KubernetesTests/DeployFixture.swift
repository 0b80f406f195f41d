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
    let scratch: Scratch
    static let http = HTTPClient(label: "kubernetes-tests")

    init(on server: KubernetesServer? = nil) async throws {
        if let server { self.server = server } else { self.server = try await KubernetesServer.shared }
        let server = self.server
        scratch = try Scratch()
        namespace = try await server.makeNamespace()
    }

    var settings: DeployerSettings {
        DeployerSettings(namespace: namespace, attempts: 3, retryDelay: .milliseconds(10))
    }

    /// An intent for this namespace.
    func intent(
        _ request: BuildRequest = Sample.request(),
        image: Character = "a",
        epoch: Int64 = 7,
        queuedAt: Int64 = 1000,
        settings: DeployerSettings? = nil
    ) throws -> DeploymentIntent {
        try Sample.intent(
            request,
            image: image,
            epoch: epoch,
            queuedAt: queuedAt,
            settings: settings ?? self.settings
        )
    }

    /// A deployer as the administrator, or as whom `credentials` names.
    func deployer(_ settings: DeployerSettings? = nil, as credentials: ClusterCredentials? = nil) throws -> Deployer {
        let credentials = try credentials ?? ClusterCredentials.load(kubeconfig: server.kubeconfig)
        return Deployer(credentials: credentials, http: Self.http, settings: settings ?? self.settings)
    }

    /// Applies as the administrator, or as whom `credentials` names.
    @discardableResult
    func apply(
        _ intent: DeploymentIntent,
        as credentials: ClusterCredentials? = nil,
        confirm: @escaping @Sendable () async throws -> Void = {}
    ) async throws -> AppliedDeployment {
        try await deployer(as: credentials).apply(intent, confirm: confirm, log: log)
    }

    /// Applies the published role and becomes its service account, with a token that the cluster issues.
    func roleCredentials() async throws -> ClusterCredentials {
        try await kubectl("apply", "-f", "\(Checkout.root)/config/kubernetes/deployer.yaml")
        return try await accountCredentials(in: namespace)
    }

    /// Becomes the service account `slipway` of a namespace, with a token that the cluster issues.
    func accountCredentials(in namespace: String) async throws -> ClusterCredentials {
        let path = "/api/v1/namespaces/\(namespace)/serviceaccounts/slipway/token"
        let request =
            #"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":600}}"#
        let reply = try await server.mustKubectl(["create", "--raw", path, "-f", "-"], input: request)
        guard let token = try JSONDocument.parse(reply)["status"]?["token"]?.string else {
            throw CommandFailed(description: "no token in \(reply)")
        }
        var credentials = try ClusterCredentials.load(kubeconfig: server.nobodyKubeconfig)
        try scratch.write(token + "\n", to: "token")
        credentials.token = .file(scratch("token"))
        return credentials
    }

    /// An object as kubectl sees it.
    func object(_ kind: String, _ name: String = "shop") async throws -> JSONValue {
        try JSONDocument.parse(try await server.mustKubectl(["-n", namespace, "get", kind, name, "-o", "json"]))
    }

    /// Whether kubectl finds an object.
    func exists(_ kind: String, _ name: String = "shop") async throws -> Bool {
        try await !server.mustKubectl(["-n", namespace, "get", kind, name, "--ignore-not-found", "-o", "name"]).isEmpty
    }

    @discardableResult
    func kubectl(_ words: String..., input: String = "") async throws -> String {
        try await server.mustKubectl(["-n", namespace] + words, input: input)
    }
}

extension JSONValue {
    /// The image of a Deployment's container.
    var deployedImage: String? {
        self["spec"]?["template"]?["spec"]?["containers"]?.array?.first?["image"]?.string
    }

    /// The builds to go back to, newest first, without what tells deployments of one build apart.
    var goodBuilds: String? {
        annotation("slipway/good-builds")?.split(separator: ",")
            .map { String($0.split(separator: "@")[0]) }.joined(separator: ",")
    }

    func annotation(_ name: String) -> String? { self["metadata"]?["annotations"]?[name]?.string }
}
