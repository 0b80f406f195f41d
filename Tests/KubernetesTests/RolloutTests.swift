import BuildModel
import Kubernetes
import TestSupport
import Testing

@Suite("A rollout is waited for, with controllers")
struct RolloutTests {
    private let rollout: RolloutFixture
    private var demo: DeployFixture { rollout.demo }

    init() async throws {
        rollout = try await RolloutFixture()
    }

    private func said(_ words: String) -> Bool { demo.log.texts.contains { $0.contains(words) } }

    @Test("a first deploy succeeds when its pod is ready, and is noted as good")
    func first() async throws {
        try await rollout.deploy("d1")
        #expect(demo.log.texts.last == "Rollout complete.")
        #expect(try await demo.object("deployment").goodBuilds == "d1")
    }

    @Test("an update is not taken for done by the old version's pods")
    func update() async throws {
        try await rollout.deploy("d1")
        let settings = rollout.settings()
        let intent = try demo.intent(Sample.request(deployment: "d2"), image: "c", queuedAt: 2000)
        let task = Task { try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log) }
        try await eventually("the new pod is told of") { said("1 old to go") }
        #expect(demo.log.texts.filter { $0 == "Rollout complete." }.count == 1)
        try await rollout.makeReady("d2")
        _ = try await task.value
        #expect(try await demo.object("deployment").goodBuilds == "d2,d1")
    }

    @Test("the same again is done at once, and changes nothing")
    func again() async throws {
        try await rollout.deploy("d1")
        let generation = try await demo.object("deployment")["metadata"]?["generation"]
        let settings = rollout.settings()
        let intent = try demo.intent(settings: settings)
        _ = try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log)
        #expect(try await demo.object("deployment")["metadata"]?["generation"] == generation)
    }

    @Test("an image that cannot be pulled is said while it happens, and fails the first deploy")
    func imagePull() async throws {
        let settings = rollout.settings(progress: .seconds(40))
        let intent = try demo.intent(settings: settings)
        let task = Task { try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log) }
        try await rollout.makeWaiting("d1", "ImagePullBackOff", "Back-off pulling image")
        try await eventually("the reason is in the log") { said("ImagePullBackOff: Back-off pulling image") }
        let failure = try await failure { _ = try await task.value }
        #expect(failure.code == .imagePullFailed)
        #expect(failure.fault == .platform)
        #expect(failure.message.contains("ProgressDeadlineExceeded"))
        #expect(failure.message.contains("There is no good build to go back to."))
    }

    @Test("a crash loop is the code's fault, and the last good build comes back by itself")
    func crashLoop() async throws {
        try await rollout.deploy("d1")
        let settings = rollout.settings(progress: .seconds(40))
        let intent = try demo.intent(Sample.request(deployment: "d2"), image: "c", queuedAt: 2000, settings: settings)
        let task = Task { try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log) }
        let last = #"{"terminated":{"exitCode":3,"reason":"Error"}}"#
        try await rollout.makeWaiting("d2", "CrashLoopBackOff", "back-off 20s", last: last)
        let failure = try await failure { _ = try await task.value }
        #expect(failure.code == .appCrashed)
        #expect(failure.fault == .code)
        #expect(failure.message.contains("exit code 3"))
        #expect(failure.message.contains("The last good build 'd1' was brought back and runs."))
        let deployment = try await demo.object("deployment")
        #expect(deployment.deployedImage?.hasSuffix(Sample.digest("a")) == true)
        #expect(deployment.annotation("slipway/restored-build") == "d1")
        #expect(deployment.annotation("slipway/build") == "d2")
        #expect(deployment.goodBuilds == "d1")
    }

    @Test("after a failed build the next one is deployed as ever")
    func afterFailure() async throws {
        try await rollout.deploy("d1")
        let settings = rollout.settings(progress: .seconds(2))
        let intent = try demo.intent(Sample.request(deployment: "d2"), image: "c", queuedAt: 2000, settings: settings)
        _ = try await failure {
            _ = try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log)
        }
        try await rollout.deploy("d3", image: "e", queuedAt: 3000)
        let deployment = try await demo.object("deployment")
        #expect(deployment.deployedImage?.hasSuffix(Sample.digest("e")) == true)
        #expect(deployment.annotation("slipway/restored-build") == nil)
        #expect(deployment.goodBuilds == "d3,d1")
    }

    @Test("a rollback on demand goes back one good build, or to the one that is named, and forgets what it leaves")
    func rollback() async throws {
        for (index, build) in ["d1", "d2", "d3"].enumerated() {
            try await rollout.deploy(build, image: ["a", "c", "e"][index], queuedAt: Int64(1000 * (index + 1)))
        }
        try await rollBack(to: nil, expecting: "d2", as: "r1", queuedAt: 4000)
        #expect(try await demo.object("deployment").deployedImage?.hasSuffix(Sample.digest("c")) == true)
        #expect(try await demo.object("deployment").goodBuilds == "d2,d1")
        try await rollBack(to: "d1", expecting: "d1", as: "r2", queuedAt: 5000)
        #expect(try await demo.object("deployment").deployedImage?.hasSuffix(Sample.digest("a")) == true)
        let failure = try await failure { try await rollBack(to: "d9", expecting: "", as: "r3", queuedAt: 6000) }
        #expect(failure.code == .notFound)
        #expect(failure.message.contains("has not kept build 'd9'"))
    }

    private func rollBack(to wanted: String?, expecting build: String, as id: String, queuedAt: Int64) async throws {
        let stamp = BuildStamp(projectID: "shop", deploymentID: id, queuedAt: queuedAt, epoch: 0)
        let task = Task {
            try await demo.deployer(rollout.settings()).rollBack(to: wanted, as: stamp, confirm: {}, log: demo.log)
        }
        if !build.isEmpty { try await rollout.makeReady(build) }
        #expect(try await task.value.build == build)
    }

    @Test("a paused Deployment is said to be paused, and ends at the rollout's own deadline")
    func paused() async throws {
        try await rollout.deploy("d1")
        try await demo.kubectl("rollout", "pause", "deployment/shop")
        let settings = rollout.settings(rollout: .seconds(15)) { $0.rollsBack = false }
        let intent = try demo.intent(Sample.request(deployment: "d2"), image: "c", queuedAt: 2000, settings: settings)
        let failure = try await failure {
            _ = try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log)
        }
        #expect(failure.code == .rolloutFailed)
        #expect(failure.message.contains("kubernetes.rolloutSeconds"))
        #expect(said("paused by somebody"))
    }

    @Test("a quota that leaves no room for pods is named")
    func quota() async throws {
        try await demo.kubectl("create", "quota", "none", "--hard=pods=0")
        try await eventually("the quota counts") { try await demo.object("quota", "none")["status"]?["hard"] != nil }
        let settings = rollout.settings(progress: .seconds(15))
        let intent = try demo.intent(settings: settings)
        let failure = try await failure {
            _ = try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log)
        }
        #expect(failure.code == .limitExceeded)
        #expect(failure.message.contains("exceeded quota: none"))
    }

    @Test("a scale-up that an autoscaler asks for is waited for, and not taken back")
    func scaled() async throws {
        try await rollout.deploy("d1")
        try await demo.kubectl("autoscale", "deployment", "shop", "--min=2", "--max=3", "--cpu-percent=80")
        try await demo.kubectl("scale", "deployment", "shop", "--replicas=2")
        let settings = rollout.settings()
        let intent = try demo.intent(Sample.request(deployment: "d2"), image: "c", queuedAt: 2000, settings: settings)
        let task = Task { try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log) }
        for count in 1...2 { try await rollout.makeReady("d2", count: count) }
        _ = try await task.value
        #expect(try await demo.object("deployment")["spec"]?["replicas"] == 2)
    }

    @Test("a Deployment that is deleted during its rollout is said to be", .timeLimit(.minutes(8)))
    func deleted() async throws {
        let settings = rollout.settings()
        let intent = try demo.intent(settings: settings)
        let task = Task { try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log) }
        try await eventually("it rolls out") { said("Rollout: 0 of 1 pods ready") }
        try await demo.kubectl("delete", "deployment", "shop")
        let failure = try await failure { _ = try await task.value }
        #expect(failure.code == .rolloutFailed)
        #expect(failure.fault == .platform)
        #expect(failure.message.contains("deleted"))
        #expect(!said("Going back"))
    }

    @Test("a namespace that is deleted is said to be")
    func deletedNamespace() async throws {
        try await demo.server.mustKubectl(["delete", "namespace", demo.namespace])
        let failure = try await failure { try await demo.apply(try demo.intent()) }
        #expect(failure.code == .notFound)
        #expect(failure.message.contains("kubectl create namespace \(demo.namespace)"))
    }

    @Test("a namespace that is being deleted is said to be, as long as that takes")
    func terminatingNamespace() async throws {
        // Without controllers nobody brings the deletion to its end.
        let demo = try await DeployFixture()
        try await demo.server.mustKubectl(["delete", "namespace", demo.namespace, "--wait=false"])
        let failure = try await failure { try await demo.apply(try demo.intent()) }
        #expect(failure.code == .notFound)
        #expect(!failure.isRetryable)
        #expect(failure.message.contains("the namespace '\(demo.namespace)' is being deleted"))
    }

    @Test("a namespace that is deleted in mid-rollout ends the wait, with words", .timeLimit(.minutes(8)))
    func namespaceDeletedMeanwhile() async throws {
        let settings = rollout.settings()
        let intent = try demo.intent(settings: settings)
        let task = Task { try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log) }
        try await eventually("it rolls out") { said("Rollout: 0 of 1 pods ready") }
        try await demo.server.mustKubectl(["delete", "namespace", demo.namespace, "--wait=false"])
        let failure = try await failure { _ = try await task.value }
        #expect(failure.code == .rolloutFailed)
        #expect(failure.fault == .platform)
        #expect(failure.message.contains("was deleted during its rollout, alone or with its namespace"))
        #expect(!said("Going back"))
    }
}
