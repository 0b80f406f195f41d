import BuildModel
import TestSupport
import Testing

@testable import Kubernetes

@Suite("What can be gone back to is a version, and is known only by what came up")
struct FailedRollbackTests {
    private let rollout: RolloutFixture
    private var demo: DeployFixture { rollout.demo }
    /// Long enough for what runs already, and soon over for what never does.
    private var impatient: DeployerSettings { rollout.settings(rollout: .seconds(30)) }

    init() async throws {
        rollout = try await RolloutFixture()
    }

    private func rollBack(
        to build: String? = nil,
        as id: String,
        at time: Int64,
        epoch: Int64 = 0,
        _ settings: DeployerSettings
    ) -> Task<String, any Error> {
        let stamp = BuildStamp(projectID: "shop", deploymentID: id, queuedAt: time, epoch: epoch)
        return Task {
            try await demo.deployer(settings).rollBack(to: build, as: stamp, confirm: {}, log: demo.log).build
        }
    }

    private func runs(_ image: Character) async throws -> Bool {
        try await demo.object("deployment").deployedImage?.hasSuffix(Sample.digest(image)) == true
    }

    @Test("a rollback that fails brings back what ran before, and forgets nothing of what is good")
    func failed() async throws {
        for (index, build) in ["d1", "d2", "d3"].enumerated() {
            try await rollout.deploy(build, image: ["a", "c", "e"][index], queuedAt: Int64(1000 * (index + 1)))
        }
        let failure = try await failure { _ = try await rollBack(as: "r1", at: 4000, epoch: 1, impatient).value }
        #expect(failure.code == .rolloutFailed)
        #expect(failure.message.contains("What ran before, 'd3' was brought back and runs."), "\(failure.message)")
        let deployment = try await demo.object("deployment")
        #expect(deployment.goodBuilds == "d3,d2,d1")
        #expect(deployment.annotation("slipway/restored-build") == "d3")
        #expect(try await runs("e"))

        // A later attempt of it goes where it had set out for, and once it is up what is newer is forgotten.
        let again = rollBack(as: "r1", at: 4000, epoch: 2, rollout.settings())
        try await rollout.makeReady("d2")
        #expect(try await again.value == "d2")
        #expect(try await demo.object("deployment").goodBuilds == "d2,d1")
        #expect(try await runs("c"))
    }

    @Test("an attempt that comes after its rollback was done goes not one further")
    func repeated() async throws {
        for (index, build) in ["d1", "d2", "d3"].enumerated() {
            try await rollout.deploy(build, image: ["a", "c", "e"][index], queuedAt: Int64(1000 * (index + 1)))
        }
        let first = rollBack(as: "r1", at: 4000, epoch: 1, rollout.settings())
        try await rollout.makeReady("d2")
        #expect(try await first.value == "d2")
        #expect(try await rollBack(as: "r1", at: 4000, epoch: 2, rollout.settings()).value == "d2")
        #expect(try await demo.object("deployment").goodBuilds == "d2,d1")
    }

    @Test("a rollback goes back also where it could not be noted that newer builds are not wanted")
    func unnoted() async throws {
        for (index, build) in ["d1", "d2", "d3"].enumerated() {
            try await rollout.deploy(build, image: ["a", "c", "e"][index], queuedAt: Int64(1000 * (index + 1)))
        }
        let noted = try #require(try await demo.object("deployment").annotation("slipway/good-builds"))
        let first = rollBack(as: "r1", at: 4000, rollout.settings())
        try await rollout.makeReady("d2")
        #expect(try await first.value == "d2")
        // As the note was before the last step.
        var request = ClusterRequest(.amend, .deployment, namespace: demo.namespace, name: "shop")
        request.body = ["metadata": ["annotations": ["slipway/good-builds": .string(noted)]]]
        _ = try await demo.deployer().client.send(request)
        let second = rollBack(as: "r2", at: 5000, rollout.settings())
        try await rollout.makeReady("d1")
        #expect(try await second.value == "d1")
        #expect(try await runs("a"))
    }

    @Test("a build that is named and was not known to be good is noted as the version that it is")
    func named() async throws {
        for (index, build) in ["d1", "d2"].enumerated() {
            try await rollout.deploy(build, image: ["a", "c"][index], queuedAt: Int64(1000 * (index + 1)))
        }
        for (index, build) in ["d1", "d2"].enumerated() {
            // Going back to d1 forgets d2, which the cluster still keeps.
            let task = rollBack(to: build, as: "r\(index)", at: Int64(3000 + index), rollout.settings())
            try await rollout.makeReady(build)
            #expect(try await task.value == build)
        }
        let deployment = try await demo.object("deployment")
        let pods = try #require(deployment.annotation("slipway/pods"))
        let noted = deployment.annotation("slipway/good-builds") ?? ""
        #expect(noted.hasPrefix("d2@\(pods),d1@"), "\(noted)")
    }

    @Test("a later attempt of a rollback believes no failure that may be the one of the version before")
    func laterAttempt() async throws {
        for (index, build) in ["d1", "d2"].enumerated() {
            try await rollout.deploy(build, image: ["a", "c"][index], queuedAt: Int64(1000 * (index + 1)))
        }
        let deployer = try demo.deployer(rollout.settings())
        for epoch in 1...2 as ClosedRange<Int64> {
            let stamp = BuildStamp(projectID: "shop", deploymentID: "r1", queuedAt: 3000, epoch: epoch)
            let writer = FencedWriter(client: deployer.client, stamp: stamp, confirm: {})
            let (version, live) = (AppVersion(build: "d1"), try await deployer.live(writer))
            let begun = try await deployer.beginRestoring(version, over: live, wanted: version, writer, demo.log)
            #expect(begun.applied.isNewSpec, "lease \(epoch)")
            try await eventually("the cluster has seen it") {
                try await demo.object("deployment")["status"]?["observedGeneration"]?.integer
                    == begun.applied.generation
            }
        }
    }

    @Test("what a cluster refuses is gone back from, whichever request of a deployment it was")
    func refusals() {
        for verb in ["apply", "create", "amend", "delete"] {
            let failure = BuildFailure(.platform, .forbidden, operation: "kubernetes.\(verb)", message: "no")
            #expect(failure.isRefusal, "\(verb)")
        }
        #expect(!BuildFailure(.platform, .forbidden, operation: "kubernetes.get", message: "no").isRefusal)
    }

    private func deployAgain(_ image: Character, at time: Int64, _ settings: DeployerSettings) throws
        -> Task<AppliedDeployment, any Error>
    {
        let intent = try demo.intent(image: image, epoch: time, queuedAt: time, settings: settings)
        return Task { try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log) }
    }

    @Test("a build that is deployed again by hand with another image, and fails, goes back to what it was before")
    func sameBuildFails() async throws {
        try await rollout.deploy("d1")
        let failure = try await failure { _ = try await deployAgain("c", at: 2000, impatient).value }
        #expect(
            failure.message.contains("The last good build 'd1', as it was deployed before, was brought back and runs."),
            "\(failure.message)"
        )
        #expect(try await runs("a"))
        #expect(try await demo.object("deployment").goodBuilds == "d1")
    }

    @Test("one build with two images is two versions for a rollback too", arguments: [nil, "d1"] as [String?])
    func sameBuild(named: String?) async throws {
        try await rollout.deploy("d1")
        let second = try deployAgain("c", at: 2000, rollout.settings())
        try await rollout.makeReady("d1", count: 2)
        _ = try await second.value
        #expect(try await demo.object("deployment").goodBuilds == "d1,d1")
        let back = rollBack(to: named, as: "r1", at: 3000, rollout.settings())
        try await eventually("the first image is asked for") { try await runs("a") }
        try await rollout.makeReady("d1", count: 2)
        #expect(try await back.value == "d1")
        #expect(try await demo.object("deployment").goodBuilds == "d1")
        // What came after it is not there to go back to any more.
        let none = try await failure { _ = try await rollBack(as: "r2", at: 4000, rollout.settings()).value }
        #expect(none.code == .notFound)
    }
}
