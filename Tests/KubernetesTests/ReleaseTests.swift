import BuildModel
import Documents
import Kubernetes
import TestSupport
import Testing

@Suite("A release command runs before the new version")
struct ReleaseTests {
    private let rollout: RolloutFixture
    private var demo: DeployFixture { rollout.demo }

    init() async throws {
        rollout = try await RolloutFixture()
    }

    private func start(_ deploymentID: String = "d1") throws -> Task<AppliedDeployment, any Error> {
        let settings = rollout.settings()
        let intent = try DeploymentIntent(
            request: Sample.request(deployment: deploymentID),
            image: try Sample.published("a").reference,
            defaultPort: 3000,
            releaseCommand: ["migrate", "--to=$(latest)"],
            revision: nil,
            queuedAt: 1000,
            epoch: 1,
            settings: settings
        )
        return Task { try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log) }
    }

    private static func ended(_ code: Int) -> String {
        let reason = code == 0 ? "Completed" : "Error"
        return
            #"{"phase":"\#(code == 0 ? "Succeeded" : "Failed")","containerStatuses":[{"name":"release","ready":false,"#
            + #""restartCount":0,"image":"x","imageID":"","lastState":{},"state":{"terminated":{"exitCode":\#(code),"#
            + #""reason":"\#(reason)"}}}]}"#
    }

    @Test("the Deployment is made only after the command has succeeded")
    func success() async throws {
        let task = try start()
        let pods = try await eventually("the release's pod") {
            let pods = try await rollout.pods("d1")
            return pods.isEmpty ? nil : pods
        }
        let container = pods[0]["spec"]?["containers"]?.array?.first
        #expect(container?["name"] == "release")
        #expect(container?["command"] == ["migrate", "--to=$$(latest)"])
        #expect(try await !demo.exists("deployment"))
        try await rollout.setStatus("d1", Self.ended(0))
        try await eventually("the Deployment") { try await demo.exists("deployment") }
        try await rollout.makeReady("d1", count: 2)
        _ = try await task.value
        #expect(demo.log.texts.contains("Release command done."))
    }

    @Test("a command that fails stops the deploy")
    func failing() async throws {
        let task = try start()
        try await rollout.setStatus("d1", Self.ended(4))
        let failure = try await failure { _ = try await task.value }
        #expect(failure.code == .releaseFailed)
        #expect(failure.fault == .code)
        #expect(demo.log.texts.contains { $0.contains("ended with exit code 4") })
        #expect(try await !demo.exists("deployment"))
    }
}
