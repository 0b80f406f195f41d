import BuildModel
import HTTPTransport
import Kubernetes
import Platform
import TestSupport
import Testing

@Suite("A cluster that says no is understood")
struct DeployFailureTests {
    private let demo: DeployFixture

    init() async throws {
        demo = try await DeployFixture()
    }

    private func administrator() throws -> ClusterCredentials {
        try ClusterCredentials.load(kubeconfig: demo.server.kubeconfig)
    }

    @Test("a missing namespace is named, with what to do")
    func missingNamespace() async throws {
        let settings = DeployerSettings(namespace: "not-there")
        let failure = try await failure { try await demo.apply(try Sample.intent(settings: settings)) }
        #expect(failure.code == .notFound)
        #expect(failure.message.contains("kubectl create namespace not-there"))
        #expect(!failure.isRetryable)
    }

    @Test("somebody without rights learns which one is missing")
    func noRights() async throws {
        let nobody = try ClusterCredentials.load(kubeconfig: demo.server.nobodyKubeconfig)
        let failure = try await failure { try await demo.apply(try demo.intent(), as: nobody) }
        #expect(failure.code == .forbidden)
        #expect(failure.cause?.contains("cannot get resource \"deployments\"") == true)
        #expect(failure.message.contains("config/kubernetes/deployer.yaml"))
    }

    @Test("a token that the cluster does not know is refused by name of the context")
    func badToken() async throws {
        var credentials = try administrator()
        credentials.token = .value(Redacted("wrong-token"))
        let failure = try await failure { try await demo.apply(try demo.intent(), as: credentials) }
        #expect(failure.code == .unauthorized)
        #expect(failure.message.contains("context 'test' of \(demo.server.kubeconfig)"))
        #expect(!failure.description.contains("wrong-token"))
    }

    @Test("a token file that is missing or holds no token is named", arguments: ["", "\n", "two tokens", nil])
    func wrongTokenFile(text: String?) async throws {
        let scratch = try Scratch()
        if let text { try scratch.write(text, to: "token") }
        var credentials = try administrator()
        credentials.token = .file(scratch("token"))
        let failure = try await failure { try await demo.apply(try demo.intent(), as: credentials) }
        #expect(failure.code == .invalidConfiguration)
        #expect(failure.message.contains(scratch("token")))
    }

    @Test("a server that nobody listens at is unreachable, and may be tried again")
    func unreachable() async throws {
        var credentials = try administrator()
        credentials.server = "https://127.0.0.1:\(Port.free())"
        let failure = try await failure { try await demo.apply(try demo.intent(), as: credentials) }
        #expect(failure.code == .unreachable)
        #expect(failure.isRetryable)
        #expect(failure.message.contains(credentials.server))
    }

    @Test(
        "a server whose certificate is not of the kubeconfig's authority is refused, and accepted when no check is wanted"
    )
    func untrusted() async throws {
        var credentials = try administrator()
        credentials.tls.certificateAuthorities = nil
        let failure = try await failure { try await demo.apply(try demo.intent(), as: credentials) }
        #expect(failure.fault == .platform)
        #expect(failure.description.lowercased().contains("certificate"))
        credentials.tls.allowsAnyCertificate = true
        try await demo.apply(try demo.intent(), as: credentials)
    }

    @Test("the kubeconfig's tls-server-name is what the certificate has to be for")
    func serverName() async throws {
        var credentials = try administrator()
        credentials.tls.serverName = "kubernetes.default.svc"
        try await demo.apply(try demo.intent(), as: credentials)
        credentials.tls.serverName = "kubernetes.example.com"
        let failure = try await failure { try await demo.apply(try demo.intent(), as: credentials) }
        #expect(failure.fault == .platform)
        #expect(!failure.isRetryable)
        #expect(failure.message.contains("kubernetes.example.com") || failure.message.contains("certificate"))
    }

    @Test("a value that the cluster does not accept is named with its field")
    func invalidValue() async throws {
        let request = Sample.request { $0.resources.cpuRequest = "2" }
        let failure = try await failure { try await demo.apply(try demo.intent(request)) }
        #expect(failure.fault == .code)
        #expect(failure.code == .invalidDeployment)
        #expect(failure.message.contains("spec.template.spec.containers[0].resources.requests"))
    }

    @Test(
        "variables that are too large for the server or its storage are blamed on the request",
        arguments: [1_800_000, 2 << 20, 3 << 20]
    )
    func tooLarge(bytes: Int) async throws {
        let request = Sample.request {
            $0.environmentVariables = ["BIG": String(repeating: "x", count: bytes)]
        }
        let failure = try await failure { try await demo.apply(try demo.intent(request)) }
        #expect(failure.fault == .code)
        #expect(failure.code == .limitExceeded)
        #expect(!failure.isRetryable)
        #expect(failure.description.utf8.count < 4096)
    }

    @Test("a quota that is used up is said")
    func quota() async throws {
        try await demo.kubectl("create", "quota", "none", "--hard=count/deployments.apps=0")
        let quota = try await demo.object("quota", "none")
        var filled = quota
        filled["status"] = ["hard": ["count/deployments.apps": "0"], "used": ["count/deployments.apps": "0"]]
        let path = "/api/v1/namespaces/\(demo.namespace)/resourcequotas/none/status"
        try await demo.kubectl("replace", "--raw", path, "-f", "-", input: filled.canonicalText)
        let failure = try await failure { try await demo.apply(try demo.intent()) }
        #expect(failure.code == .limitExceeded)
        #expect(failure.cause?.contains("exceeded quota: none") == true)
    }

    @Test("a selector that cannot be changed is said, with what to do")
    func immutable() async throws {
        let text = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: shop, annotations: {slipway/project: shop}}
            spec:
              selector: {matchLabels: {app: shop}}
              template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: app, image: example.com/x}]}}
            """
        try await demo.kubectl("apply", "--server-side", "--field-manager=slipway", "-f", "-", input: text)
        let failure = try await failure { try await demo.apply(try demo.intent()) }
        #expect(failure.code == .invalidDeployment)
        #expect(failure.fault == .platform)
        #expect(failure.message.contains("spec.selector"))
        #expect(failure.message.contains("delete the object and deploy again"))
    }
}
