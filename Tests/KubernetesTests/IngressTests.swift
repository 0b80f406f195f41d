import BuildModel
import Kubernetes
import TestSupport
import Testing

@Suite("A domain becomes an Ingress")
struct IngressTests {
    private let demo: DeployFixture

    init() async throws {
        demo = try await DeployFixture()
    }

    @Test("a domain is routed to the app, with TLS where it is asked for, and removed with the domain")
    func lifecycle() async throws {
        var settings = demo.settings
        settings.ingressClass = "nginx"
        settings.ingressAnnotations = ["cert-manager.io/cluster-issuer": "letsencrypt"]
        let request = Sample.request {
            $0.customDomain = "Shop.Example.org"
            $0.sslEnabled = true
        }
        try await demo.apply(try demo.intent(request, settings: settings))
        let ingress = try await demo.object("ingress")
        let rule = ingress["spec"]?["rules"]?.array?.first
        #expect(rule?["host"] == "shop.example.org")
        #expect(rule?["http"]?["paths"]?.array?.first?["backend"]?["service"]?["name"] == "shop")
        #expect(ingress["spec"]?["tls"]?.array?.first?["secretName"] == "shop-tls")
        #expect(ingress["spec"]?["ingressClassName"] == "nginx")
        #expect(ingress.annotation("cert-manager.io/cluster-issuer") == "letsencrypt")
        try await demo.apply(try demo.intent(Sample.request(deployment: "d2"), queuedAt: 2000))
        #expect(try await !demo.exists("ingress"))
    }

    @Test("a domain that is none is refused", arguments: ["shop", "a..b", "http://a.b", "a.b/c", "-a.b"])
    func wrong(domain: String) async throws {
        let failure = try await failure { _ = try demo.intent(Sample.request { $0.customDomain = domain }) }
        #expect(failure.code == .invalidRequest)
        #expect(failure.message.contains("customDomain"))
    }

    @Test("an Ingress of somebody else is neither taken nor deleted")
    func foreign() async throws {
        try await demo.kubectl("create", "ingress", "shop", "--rule=a.example.org/=other:80")
        try await demo.apply(try demo.intent())
        #expect(try await demo.exists("ingress"))
        let request = Sample.request(deployment: "d2") { $0.customDomain = "a.example.org" }
        let failure = try await failure { try await demo.apply(try demo.intent(request, queuedAt: 2000)) }
        #expect(failure.code == .deploymentConflict)
    }

    @Test("values from Secrets and the pull secret stand in the pod, and the cluster takes them")
    func secrets() async throws {
        var settings = demo.settings
        settings.imagePullSecrets = ["registry"]
        let request = Sample.request {
            $0.environmentVariables = ["A": "1"]
            $0.environmentSecrets = ["DATABASE_URL": SecretReference(secret: "db", key: "url")]
        }
        try await demo.apply(try demo.intent(request, settings: settings))
        let pod = try await demo.object("deployment")["spec"]?["template"]?["spec"]
        #expect(pod?["imagePullSecrets"] == [["name": "registry"]])
        let variables = pod?["containers"]?.array?.first?["env"]?.array
        #expect(variables?.map { $0["name"] } == ["A", "DATABASE_URL", "PORT"])
        #expect(variables?[1]["valueFrom"]?["secretKeyRef"] == ["name": "db", "key": "url"])
    }

    @Test("a namespace that is missing is made where the configuration says so")
    func namespace() async throws {
        var settings = demo.settings
        settings.namespace = demo.namespace + "-more"
        settings.createsNamespace = true
        let deployer = try demo.deployer(settings)
        let intent = try demo.intent(settings: settings)
        for _ in 1...2 { _ = try await deployer.apply(intent, confirm: {}, log: demo.log) }
        try await demo.server.mustKubectl(["-n", settings.namespace, "get", "deployment", "shop"])
    }
}
