import BuildModel
import Kubernetes
import TestSupport
import Testing

@Suite("Going back brings back everything that was applied, and nothing else")
struct GoingBackTests {
    private let rollout: RolloutFixture
    private var demo: DeployFixture { rollout.demo }

    init() async throws {
        rollout = try await RolloutFixture()
    }

    private func request(_ build: String, domain: String? = nil) -> BuildRequest {
        Sample.request(deployment: build) { $0.customDomain = domain }
    }

    private func deploy(_ request: BuildRequest, at time: Int64, _ settings: DeployerSettings) async throws {
        let image: Character = ["d1": "a", "d2": "c", "d3": "e"][request.deploymentID] ?? "f"
        let intent = try demo.intent(request, image: image, queuedAt: time, settings: settings)
        async let done = demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log)
        try await rollout.makeReady(request.deploymentID)
        _ = try await done
    }

    /// A deployment whose pods never come up.
    private func failToDeploy(_ request: BuildRequest, at time: Int64, _ settings: DeployerSettings) async throws
        -> BuildFailure
    {
        let intent = try demo.intent(request, image: "f", queuedAt: time, settings: settings)
        return try await failure { _ = try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log) }
    }

    private func rollBack(to build: String, as id: String, at time: Int64, _ settings: DeployerSettings) async throws {
        let stamp = BuildStamp(projectID: "shop", deploymentID: id, queuedAt: time, epoch: 0)
        async let done = demo.deployer(settings).rollBack(to: build, as: stamp, confirm: {}, log: demo.log)
        try await rollout.makeReady(build)
        #expect(try await done.build == build)
    }

    /// The built-in template with more members in the Deployment's spec.
    private func template(_ members: String) throws -> ManifestTemplate {
        let text = ManifestTemplate.standard.replacing(
            "  selector:\n    matchL",
            with: "\(members)  selector:\n    matchL"
        )
        return try ManifestTemplate(Array(text.utf8), origin: "more.yaml")
    }

    private static let recreate = "  strategy: {type: Recreate}\n  minReadySeconds: 1\n  revisionHistoryLimit: 4\n"

    @Test("the whole spec comes back, so that the next deploy with it is no conflict")
    func wholeSpec() async throws {
        var settings = rollout.settings()
        settings.template = try template(Self.recreate)
        for (index, build) in ["d1", "d2"].enumerated() {
            try await deploy(request(build), at: Int64(1000 * (index + 1)), settings)
        }
        try await rollBack(to: "d1", as: "r1", at: 3000, settings)
        let spec = try await demo.object("deployment")["spec"]
        #expect(spec?["strategy"] == ["type": "Recreate"])
        #expect(spec?["minReadySeconds"] == 1)
        #expect(spec?["revisionHistoryLimit"] == 4)
        #expect(spec?["template"]?["metadata"]?["labels"]?["app.kubernetes.io/name"] == "shop")
        try await deploy(request("d3"), at: 4000, settings)
        #expect(try await demo.object("deployment")["spec"]?["strategy"] == ["type": "Recreate"])
        // Once more to what was gone back to before.
        try await rollBack(to: "d1", as: "r2", at: 5000, settings)
        #expect(try await demo.object("deployment")["spec"]?["revisionHistoryLimit"] == 4)
    }

    @Test("what the operator has changed since in the template goes back too, in Deployment and Service")
    func formerTemplate() async throws {
        var settings = rollout.settings()
        try await deploy(request("d1"), at: 1000, settings)
        let text = ManifestTemplate.standard.replacing("      port: 80\n", with: "      port: 8080\n")
            .replacing("  selector:\n    matchL", with: "\(Self.recreate)  selector:\n    matchL")
        settings.template = try ManifestTemplate(Array(text.utf8), origin: "changed.yaml")
        try await deploy(request("d2"), at: 2000, settings)
        #expect(try await demo.object("service")["spec"]?["ports"]?.array?.first?["port"] == 8080)
        try await rollBack(to: "d1", as: "r1", at: 3000, settings)
        #expect(try await demo.object("service")["spec"]?["ports"]?.array?.first?["port"] == 80)
        #expect(try await demo.object("deployment")["spec"]?["strategy"]?["type"] == "RollingUpdate")
        #expect(try await demo.object("deployment")["spec"]?["minReadySeconds"] == nil)
    }

    @Test("a rollback makes the Ingress that the build had, and deletes the one that it had not")
    func ingress() async throws {
        let settings = rollout.settings()
        try await deploy(request("d1", domain: "shop.example.org"), at: 1000, settings)
        try await deploy(request("d2"), at: 2000, settings)
        #expect(try await !demo.exists("ingress"))
        try await rollBack(to: "d1", as: "r1", at: 3000, settings)
        let rule = try await demo.object("ingress")["spec"]?["rules"]?.array?.first
        #expect(rule?["host"] == "shop.example.org")
        try await deploy(request("d3"), at: 4000, settings)
        try await rollBack(to: "d1", as: "r2", at: 5000, settings)
        try await rollBack(to: "d3", as: "r3", at: 6000, settings)
        #expect(try await !demo.exists("ingress"))
    }

    @Test("a build that fails leaves the Ingress as it was, whether it would have deleted, changed or made it")
    func failedBuild() async throws {
        let settings = rollout.settings(progress: .seconds(2))
        let first = try await failToDeploy(request("d0", domain: "new.example.org"), at: 500, settings)
        #expect(first.message.contains("There is no good build to go back to."))
        #expect(try await !demo.exists("ingress"))
        try await deploy(request("d1", domain: "shop.example.org"), at: 1000, rollout.settings())
        for (build, domain) in [("d2", nil), ("d3", "other.example.org")] {
            let time: Int64 = build == "d2" ? 2000 : 3000
            let failure = try await failToDeploy(request(build, domain: domain), at: time, settings)
            #expect(failure.message.contains("'d1' was brought back and runs."))
            let rule = try await demo.object("ingress")["spec"]?["rules"]?.array?.first
            #expect(rule?["host"] == "shop.example.org")
        }
    }

    @Test("an Ingress that the cluster refuses takes the new version back")
    func refusedIngress() async throws {
        try await deploy(request("d1"), at: 1000, rollout.settings())
        var settings = rollout.settings()
        settings.ingressAnnotations = ["not a name": "x"]
        let intent = try demo.intent(
            request("d2", domain: "shop.example.org"),
            image: "c",
            queuedAt: 2000,
            settings: settings
        )
        let task = Task { try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log) }
        try await rollout.makeReady("d2")
        try await eventually("going back") { demo.log.texts.contains("Going back to build 'd1'.") }
        try await rollout.makeReady("d1")
        let failure = try await failure { _ = try await task.value }
        #expect(failure.code == .invalidDeployment)
        #expect(failure.message.contains("'d1' was brought back and runs."))
        #expect(try await demo.object("deployment").deployedImage?.hasSuffix(Sample.digest("a")) == true)
        #expect(try await !demo.exists("ingress"))
    }

    @Test("where the last good build does not come up either, the one before it is brought back")
    func imageGone() async throws {
        // Only where old pods go first does a good build have to come up anew.
        var settings = rollout.settings()
        settings.template = try template("  strategy: {type: Recreate}\n")
        for (index, build) in ["d1", "d2"].enumerated() {
            try await deploy(request(build), at: Int64(1000 * (index + 1)), settings)
        }
        settings.rolloutLimit = .seconds(40)
        let impatient = settings
        let task = Task { try await failToDeploy(request("d3"), at: 3000, impatient) }
        try await eventually("the first one is tried") { demo.log.texts.contains("Going back to build 'd2'.") }
        try await rollout.makeWaiting("d2", "ImagePullBackOff", "manifest unknown")
        try await eventually("the next one is tried") { demo.log.texts.contains("Going back to build 'd1'.") }
        try await rollout.makeReady("d1")
        let failure = try await task.value
        #expect(failure.message.contains("Going back to the good build 'd2' failed"))
        #expect(failure.message.contains("manifest unknown"))
        #expect(failure.message.contains("The good build before, 'd1' was brought back and runs."))
        let deployment = try await demo.object("deployment")
        #expect(deployment.deployedImage?.hasSuffix(Sample.digest("a")) == true)
        #expect(deployment.goodBuilds == "d1")
    }

    @Test("variables that leave no room for a second copy are brought back from the pods' template")
    func large() async throws {
        let settings = rollout.settings()
        var request = request("d1")
        request.environmentVariables = ["BIG": String(repeating: "x", count: 150_000)]
        try await deploy(request, at: 1000, settings)
        try await deploy(self.request("d2"), at: 2000, settings)
        try await rollBack(to: "d1", as: "r1", at: 3000, settings)
        let container = try await demo.object("deployment")["spec"]?["template"]?["spec"]?["containers"]?.array?.first
        let big = container?["env"]?.array?.first { $0["name"] == "BIG" }
        #expect(big?["value"]?.string?.utf8.count == 150_000)
        try await deploy(self.request("d3"), at: 4000, settings)
    }

    @Test("a paused Deployment is gone back from at once, without a second wait")
    func paused() async throws {
        try await deploy(request("d1"), at: 1000, rollout.settings())
        try await demo.kubectl("rollout", "pause", "deployment/shop")
        let start = ContinuousClock.now
        let failure = try await failToDeploy(request("d2"), at: 2000, rollout.settings(rollout: .seconds(40)))
        #expect(failure.message.contains("kubernetes.rolloutSeconds"))
        #expect(failure.message.contains("'d1' was brought back and runs."))
        #expect(ContinuousClock.now - start < .seconds(75))
        #expect(try await demo.object("deployment").deployedImage?.hasSuffix(Sample.digest("a")) == true)
    }
}
