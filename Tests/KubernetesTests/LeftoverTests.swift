import BuildModel
import Kubernetes
import TestSupport
import Testing

@Suite("What a changed template does not make any more is reported, or deleted")
struct LeftoverTests {
    private let rollout: RolloutFixture
    private var demo: DeployFixture { rollout.demo }

    init() async throws {
        rollout = try await RolloutFixture()
    }

    private func said(_ words: String) -> Bool { demo.log.texts.contains { $0.contains(words) } }

    private func deploy(
        _ build: String,
        at time: Int64,
        _ settings: DeployerSettings,
        as credentials: ClusterCredentials? = nil
    ) async throws {
        let request = Sample.request(deployment: build) { $0.customDomain = "shop.example.org" }
        let intent = try demo.intent(request, queuedAt: time, settings: settings)
        let deployer = try demo.deployer(settings, as: credentials)
        async let done = deployer.deploy(intent, confirm: {}, log: demo.log)
        try await rollout.makeReady(build)
        _ = try await done
    }

    /// A template without an Ingress, and with another name for its Service.
    private func changed() throws -> ManifestTemplate {
        let documents = ManifestTemplate.standard.split(separator: "---\n").map(String.init)
        let service = documents[1].replacing("  name: ${name}\n", with: "  name: ${name}-web\n")
        return try ManifestTemplate(Array("\(documents[0])---\n\(service)".utf8), origin: "changed.yaml")
    }

    @Test("by default they stay, and the log says what they are and what to do")
    func reported() async throws {
        try await deploy("d1", at: 1000, rollout.settings())
        let settings = rollout.settings { $0.template = (try? changed()) ?? .builtIn }
        try await deploy("d2", at: 2000, settings)
        #expect(said("Warning: the Service 'shop' in namespace '\(demo.namespace)' is of this project"))
        #expect(said("kubectl -n \(demo.namespace) delete ingress shop"))
        #expect(try await demo.exists("service", "shop-web"))
        #expect(try await demo.exists("service"))
        #expect(try await demo.exists("ingress"))
    }

    @Test("they are deleted where the configuration says so, and nothing that is not this project's and ours")
    func pruned() async throws {
        try await deploy("d1", at: 1000, rollout.settings())
        let others = """
            {"apiVersion": "v1", "kind": "List", "items": [
              {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "theirs", "labels": {"slipway/project": "shop"},
                "annotations": {"slipway/project": "shop"}}, "spec": {"ports": [{"port": 80}]}},
              {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "plain"}, "spec": {"ports": [{"port": 80}]}}
            ]}
            """
        try await demo.kubectl("create", "-f", "-", input: others)
        try await demo.apply(try demo.intent(Sample.request(project: "blog", deployment: "b1")))
        let settings = rollout.settings {
            $0.template = (try? changed()) ?? .builtIn
            $0.prunes = true
        }
        let credentials = try await demo.roleCredentials()
        try await demo.kubectl("apply", "-f", "\(Checkout.root)/config/kubernetes/deployer-prune.yaml")
        try await deploy("d2", at: 2000, settings, as: credentials)
        #expect(said("Deleted the Service 'shop' in namespace '\(demo.namespace)'"))
        #expect(try await !demo.exists("service"))
        #expect(try await !demo.exists("ingress"))
        for name in ["shop-web", "theirs", "plain", "blog"] {
            #expect(try await demo.exists("service", name), "\(name)")
        }
        #expect(try await demo.exists("deployment", "blog"))
    }
}
