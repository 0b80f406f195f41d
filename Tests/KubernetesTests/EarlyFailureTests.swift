import BuildModel
import Documents
import Kubernetes
import Synchronization
import TestSupport
import Testing

/// The tests play the controllers, so that what a status says and when is up to them.
@Suite("A cluster that has given up on the version before")
struct EarlyFailureTests {
    private let demo: DeployFixture

    init() async throws {
        demo = try await DeployFixture()
    }

    /// Applies a version; returns what waits for its rollout.
    private func apply(
        progress: Duration,
        epoch: Int64 = 7,
        confirm: @escaping @Sendable () async throws -> Void = {}
    ) async throws -> @Sendable () async throws -> Void {
        var settings = demo.settings
        settings.progressDeadline = progress
        settings.rolloutLimit = .seconds(120)
        settings.progressPeriod = .milliseconds(200)
        let deployer = try demo.deployer(settings)
        let intent = try demo.intent(epoch: epoch, settings: settings)
        let applied = try await deployer.apply(intent, confirm: confirm, log: demo.log)
        return { try await deployer.wait(for: applied, log: demo.log) }
    }

    /// What a controller writes that comes to a new spec when the time of the version before is just over.
    private func giveUp(_ counters: String = "", second: Int = 0) async throws {
        let path = "/apis/apps/v1/namespaces/\(demo.namespace)/deployments/shop/status"
        var object = try JSONDocument.parse(try await demo.server.mustKubectl(["get", "--raw", path]))
        let generation = object["metadata"]?["generation"]?.integer ?? 0
        object["status"] = try JSONDocument.parse(
            """
            {"observedGeneration": \(generation)\(counters), "conditions": [{"type": "Progressing", "status": "False",
              "reason": "ProgressDeadlineExceeded", "message": "ReplicaSet \\"shop-1\\" has timed out progressing.",
              "lastUpdateTime": "2026-01-01T00:00:0\(second)Z", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}
            """
        )
        try await demo.server.mustKubectl(["replace", "--raw", path, "-f", "-"], input: object.canonicalText)
    }

    private static let up = #", "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1"#

    /// Waits for a rollout whose pods come up when it is seen to wait.
    ///
    /// - Parameter meanwhile: done as soon as it is waited for.
    private func comesUp(
        _ wait: @escaping @Sendable () async throws -> Void,
        meanwhile: () async throws -> Void = {}
    ) async throws {
        let task = Task { try await wait() }
        try await meanwhile()
        try await eventually("it waits") {
            demo.log.texts.contains { $0.contains("0 of 1 pods of the new version made") }
        }
        try await giveUp(Self.up)
        try await task.value
        #expect(demo.log.texts.last == "Rollout complete.")
    }

    @Test("has said nothing about the new one, which comes up")
    func early() async throws {
        let wait = try await apply(progress: .seconds(90))
        try await giveUp()
        try await comesUp(wait)
    }

    @Test("has said nothing to an attempt that takes over when the spec was applied already")
    func takenOver() async throws {
        _ = try await apply(progress: .seconds(90))
        try await giveUp()
        let wait = try await apply(progress: .seconds(90), epoch: 8)
        // What the controller says again is as old as before.
        try await comesUp(wait) { try await giveUp(second: 1) }
    }

    @Test("has said nothing to a second try of the same attempt, whose first one was stored and not answered")
    func unanswered() async throws {
        let isAsked = Mutex(false)
        let wait = try await apply(progress: .seconds(90)) {
            let isFirst = isAsked.withLock { isAsked in
                defer { isAsked = true }
                return !isAsked
            }
            guard isFirst else { return }
            // What is there when the answer to a try is lost: the same, written by the same attempt.
            _ = try await apply(progress: .seconds(90))
            try await giveUp()
        }
        try await comesUp(wait)
    }

    @Test("and says nothing more is believed when the new one has had its own time")
    func late() async throws {
        let wait = try await apply(progress: .seconds(3))
        try await giveUp()
        let failure = try await failure { try await wait() }
        #expect(failure.code == .rolloutFailed)
        #expect(failure.message.contains("ProgressDeadlineExceeded"), "\(failure.message)")
    }
}
