import BuildModel
import Documents
import Kubernetes
import TestSupport
import Testing

@Suite("An intent is applied to a real API server")
struct DeployTests {
    private let demo: DeployFixture

    init() async throws {
        demo = try await DeployFixture()
    }

    @Test("the first deploy makes a Deployment and a Service of the right image")
    func first() async throws {
        let applied = try await demo.apply(try demo.intent())
        #expect(applied.generation == 1)
        #expect(applied.build == "d1")
        #expect(!applied.uid.isEmpty)
        #expect(applied.qualifiedName == "\(demo.namespace)/shop")
        let deployment = try await demo.object("deployment")
        #expect(deployment.deployedImage == "registry.example.com/apps/shop@" + Sample.digest("a"))
        #expect(deployment["spec"]?["replicas"] == 1)
        #expect(deployment["metadata"]?["labels"]?["deployment"] == "d1")
        #expect(deployment.annotation("slipway/epoch") == "7")
        let service = try await demo.object("service")
        #expect(service["spec"]?["ports"]?.array?.first?["port"] == 80)
        #expect(service["spec"]?["selector"] == deployment["spec"]?["selector"]?["matchLabels"])
        #expect(demo.log.texts.contains { $0.contains("Applied the Deployment 'shop'") })
        #expect(demo.log.texts.contains { $0.contains("Applied the Service 'shop'") })
    }

    @Test("the next build changes the image of the same Deployment")
    func second() async throws {
        try await demo.apply(try demo.intent())
        let request = Sample.request(deployment: "d2") { $0.port = 8080 }
        let applied = try await demo.apply(try demo.intent(request, image: "c", epoch: 8, queuedAt: 2000))
        #expect(applied.generation == 2)
        let deployment = try await demo.object("deployment")
        #expect(deployment.deployedImage?.hasSuffix(Sample.digest("c")) == true)
        #expect(deployment.annotation("slipway/build") == "d2")
        let container = deployment["spec"]?["template"]?["spec"]?["containers"]?.array?.first
        #expect(container?["ports"]?.array?.map { $0["containerPort"] } == [8080])
        #expect(container?["env"] == [["name": "PORT", "value": "8080"]])
    }

    @Test("applying the same again changes nothing")
    func again() async throws {
        let first = try await demo.apply(try demo.intent())
        let before = try await demo.object("deployment")
        let second = try await demo.apply(try demo.intent())
        #expect(second.generation == first.generation && second.uid == first.uid)
        #expect(
            try await demo.object("deployment")["metadata"]?["resourceVersion"]
                == before["metadata"]?["resourceVersion"]
        )
    }

    @Test("replicas that somebody else has set are left alone")
    func replicas() async throws {
        try await demo.apply(try demo.intent())
        try await demo.kubectl("scale", "deployment", "shop", "--replicas=4")
        try await demo.apply(try demo.intent(image: "c"))
        let deployment = try await demo.object("deployment")
        #expect(deployment["spec"]?["replicas"] == 4)
        #expect(deployment.deployedImage?.hasSuffix(Sample.digest("c")) == true)
    }

    @Test("a variable that the request no longer has is removed")
    func removal() async throws {
        try await demo.apply(try demo.intent(Sample.request { $0.environmentVariables = ["OLD": "1"] }))
        try await demo.apply(try demo.intent())
        let spec = try await demo.object("deployment")["spec"]?["template"]?["spec"]
        #expect(spec?["containers"]?.array?.first?["env"] == [["name": "PORT", "value": "3000"]])
    }

    @Test(
        "ids of any shape and hostile values are deployed and come back whole",
        arguments: ["9Lives", "Team:Shop_1.x-", String(repeating: "x", count: 128)]
    )
    func oddIDs(project: String) async throws {
        let request = Sample.request(project: project, deployment: "dep:" + String(repeating: "9", count: 120)) {
            $0.environmentVariables = ["TEXT": "ä\u{1}\n\"\\ $(PORT)", "EMPTY": ""]
            $0.healthCheckPath = "/health?deep=%20&x=\"'<>"
        }
        let applied = try await demo.apply(try demo.intent(request))
        let deployment = try await demo.object("deployment", applied.name)
        #expect(deployment.annotation("slipway/project") == project)
        let container = deployment["spec"]?["template"]?["spec"]?["containers"]?.array?.first
        #expect(container?["env"]?.array?.contains(["name": "TEXT", "value": "ä\u{1}\n\"\\ $$(PORT)"]) == true)
        #expect(container?["livenessProbe"]?["httpGet"]?["path"]?.string == "/health?deep=%20&x=\"'<>")
    }

    @Test("a client certificate is enough to deploy")
    func clientCertificate() async throws {
        let credentials = try ClusterCredentials.load(kubeconfig: demo.server.certificateKubeconfig)
        #expect(credentials.token == nil)
        try await demo.apply(try demo.intent(), as: credentials)
        #expect(try await demo.exists("deployment"))
    }

    @Test("the manifests pass kubectl's dry run on the server", arguments: [Manifests.deployment, Manifests.service])
    func dryRun(manifest: @Sendable (DeploymentIntent) -> JSONValue) async throws {
        let text = manifest(try demo.intent()).canonicalText
        try await demo.kubectl("apply", "--dry-run=server", "--validate=true", "-f", "-", input: text)
    }

    @Test("the role of config/kubernetes is enough to deploy")
    func publishedRole() async throws {
        let credentials = try await demo.roleCredentials()
        try await demo.apply(try demo.intent(), as: credentials)
        try await demo.apply(try demo.intent(image: "c"), as: credentials)
        #expect(try await demo.object("deployment").deployedImage?.hasSuffix(Sample.digest("c")) == true)
    }
}
