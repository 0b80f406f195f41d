import BuildModel
import Kubernetes
import Platform
import TestSupport
import Testing

@Suite("Fields change hands only where that is asked for, and the number of pods never falls by it")
struct OwnershipTests {
    private let rollout: RolloutFixture
    private var demo: DeployFixture { rollout.demo }

    init() async throws {
        rollout = try await RolloutFixture()
    }

    private func settings(replicas: Int) throws -> DeployerSettings {
        let text = String(
            decoding: try Files.read("\(Checkout.root)/config/kubernetes/templates/project.yaml"),
            as: UTF8.self
        )
        var settings = rollout.settings()
        let edited = text.replacing(
            "  progressDeadlineSeconds:",
            with: "  replicas: \(replicas)\n  progressDeadlineSeconds:"
        )
        settings.template = try ManifestTemplate(Array(edited.utf8), origin: "replicas.yaml")
        return settings
    }

    private func replicas() async throws -> JSONValue? { try await demo.object("deployment")["spec"]?["replicas"] }

    private func apply(_ settings: DeployerSettings, _ build: String, queuedAt: Int64) async throws {
        let intent = try demo.intent(Sample.request(deployment: build), queuedAt: queuedAt, settings: settings)
        _ = try await demo.deployer(settings).apply(intent, confirm: {}, log: demo.log)
    }

    @Test("a template's replicas are applied, and stay as they are when a later template has none")
    func handover() async throws {
        try await apply(try settings(replicas: 3), "d1", queuedAt: 1000)
        #expect(try await replicas() == 3)
        try await apply(try settings(replicas: 2), "d2", queuedAt: 2000)
        #expect(try await replicas() == 2)
        try await apply(demo.settings, "d3", queuedAt: 3000)
        #expect(try await replicas() == 2)
        // Given up, it is not somebody else's: a template that sets it has it again.
        try await apply(try settings(replicas: 3), "d4", queuedAt: 4000)
        #expect(try await replicas() == 3)
        try await apply(try settings(replicas: 2), "d5", queuedAt: 5000)
        #expect(try await replicas() == 2)
        try await apply(demo.settings, "d6", queuedAt: 6000)
        #expect(try await replicas() == 2)
        try await demo.kubectl("scale", "deployment", "shop", "--replicas=4")
        try await apply(demo.settings, "d7", queuedAt: 7000)
        #expect(try await replicas() == 4)
    }

    @Test("an autoscaler that owns the number of pods keeps it, whatever the template says", arguments: [true, false])
    func autoscaler(mayBeListed: Bool) async throws {
        let settings = try settings(replicas: 2)
        try await apply(settings, "d1", queuedAt: 1000)
        if mayBeListed {
            try await demo.kubectl("autoscale", "deployment", "shop", "--min=1", "--max=9", "--cpu-percent=80")
            try await demo.kubectl("scale", "deployment", "shop", "--replicas=5")
        } else {
            // As newer releases write down who has scaled.
            let text = #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"shop"},"spec":{"replicas":5}}"#
            let words = ["--server-side", "--force-conflicts", "--field-manager=hpa", "--validate=false", "-f", "-"]
            try await demo.server.mustKubectl(["-n", demo.namespace, "apply"] + words, input: text)
        }
        try await apply(settings, "d2", queuedAt: 2000)
        #expect(try await replicas() == 5)
        #expect(try await demo.object("deployment").annotation("slipway/build") == "d2")
    }

    @Test("fields of another manager are taken only by force, and what kubectl apply has left goes with them")
    func force() async throws {
        let text = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: shop, annotations: {slipway/project: shop}}
            spec:
              selector: {matchLabels: {app.kubernetes.io/name: shop, app.kubernetes.io/instance: shop}}
              template:
                metadata: {labels: {app.kubernetes.io/name: shop, app.kubernetes.io/instance: shop}}
                spec: {containers: [{name: app, image: example.com/theirs:1, env: [{name: OLD, value: "1"}]}]}
            """
        try await demo.kubectl("apply", "-f", "-", input: text)
        var settings = demo.settings
        let refused = try await failure { try await apply(settings, "d1", queuedAt: 1000) }
        #expect(refused.code == .deploymentConflict)
        #expect(refused.message.contains("kubectl-client-side-apply"))
        #expect(refused.message.contains("slipway deploy --force"))
        settings.takesFields = true
        try await apply(settings, "d1", queuedAt: 1000)
        let deployment = try await demo.object("deployment")
        #expect(deployment.deployedImage?.hasSuffix(Sample.digest("a")) == true)
        let container = deployment["spec"]?["template"]?["spec"]?["containers"]?.array?.first
        #expect(container?["env"] == [["name": "PORT", "value": "3000"]])
        try await apply(demo.settings, "d2", queuedAt: 2000)
    }
}
