import BuildModel
import Kubernetes
import TestSupport
import Testing

@Suite("What others own is not taken")
struct DeployConflictTests {
    private let demo: DeployFixture

    init() async throws {
        demo = try await DeployFixture()
    }

    /// A Deployment as somebody writes it for kubectl.
    private func manifest(image: String, annotations: String = "{}") -> String {
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: shop, annotations: \(annotations)}
        spec:
          selector: {matchLabels: {app.kubernetes.io/name: shop, app.kubernetes.io/instance: shop}}
          template:
            metadata: {labels: {app.kubernetes.io/name: shop, app.kubernetes.io/instance: shop}}
            spec: {containers: [{name: app, image: \(image)}]}
        """
    }

    @Test("a field that another manager has set is named, with the manager, and keeps its value")
    func fieldConflict() async throws {
        let text = manifest(image: "example.com/theirs:1", annotations: "{slipway/project: shop}")
        try await demo.kubectl("apply", "--server-side", "--field-manager=ops", "-f", "-", input: text)
        let failure = try await failure { try await demo.apply(try demo.intent()) }
        #expect(failure.code == .deploymentConflict)
        #expect(!failure.isRetryable)
        #expect(failure.message.contains(#".spec.template.spec.containers[name="app"].image (conflict with "ops")"#))
        #expect(try await demo.object("deployment").deployedImage == "example.com/theirs:1")
        #expect(try await !demo.exists("service"))
    }

    @Test("a field that was edited by hand after a deploy is named")
    func editedLater() async throws {
        try await demo.apply(try demo.intent())
        try await demo.kubectl("set", "image", "deployment/shop", "app=example.com/theirs:1")
        let failure = try await failure { try await demo.apply(try demo.intent(image: "c")) }
        #expect(failure.code == .deploymentConflict)
        #expect(failure.message.contains("kubectl"))
    }

    @Test("an object that Slipway did not make is refused, with the command that hands it over")
    func foreign() async throws {
        try await demo.kubectl("create", "service", "clusterip", "shop", "--tcp=443:443")
        let failure = try await failure { try await demo.apply(try demo.intent()) }
        #expect(failure.code == .deploymentConflict)
        #expect(failure.message.contains("was not made by Slipway"))
        #expect(try await !demo.exists("deployment"))
        let words = try #require(failure.message.split(separator: "kubectl ").last)
        try await demo.server.mustKubectl(words.split(separator: " ").map(String.init))
        try await demo.apply(try demo.intent())
        #expect(try await demo.object("service")["spec"]?["ports"]?.array?.count == 2)
    }

    @Test("an object of another project is refused")
    func otherProject() async throws {
        try await demo.apply(try demo.intent())
        try await demo.kubectl("annotate", "deployment", "shop", "--overwrite", "slipway/project=other")
        let failure = try await failure { try await demo.apply(try demo.intent()) }
        #expect(failure.code == .deploymentConflict)
        #expect(failure.message.contains("belongs to project 'other'"))
    }

    @Test("an attempt that was taken over does not apply over its successor")
    func staleEpoch() async throws {
        try await demo.apply(try demo.intent(image: "c", epoch: 8))
        let failure = try await failure { try await demo.apply(try demo.intent(epoch: 7)) }
        #expect(failure.code == .staleEpoch)
        #expect(try await demo.object("deployment").deployedImage?.hasSuffix(Sample.digest("c")) == true)
    }

    @Test("nothing is applied when the lease is not confirmed")
    func unconfirmed() async throws {
        let lost = BuildFailure(
            .platform,
            BuildFailure.Code(rawValue: "lease_lost"),
            operation: "queue",
            message: "Lost."
        )
        let failure = try await failure { try await demo.apply(try demo.intent(), confirm: { throw lost }) }
        #expect(failure == lost)
        #expect(try await !demo.exists("deployment"))
    }
}
