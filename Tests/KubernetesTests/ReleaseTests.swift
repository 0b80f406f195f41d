import BuildModel
import Kubernetes
import Synchronization
import TestSupport
import Testing

@Suite("A release command runs before the new version")
struct ReleaseTests {
    private let rollout: RolloutFixture
    private var demo: DeployFixture { rollout.demo }

    init() async throws {
        rollout = try await RolloutFixture()
    }

    private func said(_ words: String) -> Bool { demo.log.texts.contains { $0.contains(words) } }

    private func start(
        _ deploymentID: String = "d1",
        epoch: Int64 = 1,
        queuedAt: Int64 = 1000,
        with settings: DeployerSettings? = nil,
        confirm: @escaping @Sendable () async throws -> Void = {}
    ) throws -> Task<AppliedDeployment, any Error> {
        let settings = settings ?? rollout.settings()
        let intent = try DeploymentIntent(
            request: Sample.request(deployment: deploymentID),
            image: try Sample.published("a").reference,
            defaultPort: 3000,
            releaseCommand: ["migrate", "--to=$(latest)"],
            revision: nil,
            queuedAt: queuedAt,
            epoch: epoch,
            settings: settings
        )
        return Task { try await demo.deployer(settings).deploy(intent, confirm: confirm, log: demo.log) }
    }

    /// The Jobs of the namespace that are there and not going, by their epochs.
    private func jobs() async throws -> [JSONValue] {
        let text = try await demo.kubectl("get", "jobs", "-o", "json")
        let items = try Sample.json(text)["items"]?.array ?? []
        return items.filter { $0["metadata"]?["deletionTimestamp"] == nil }
    }

    private func isGone() async throws {
        try await eventually("the Job and its pod are gone") {
            let (jobs, pods) = (try await jobs(), try await rollout.pods("d1"))
            return jobs.isEmpty && pods.isEmpty
        }
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

    @Test("a command that fails stops the deploy, and its Job stays to be looked at")
    func failing() async throws {
        let task = try start()
        try await rollout.setStatus("d1", Self.ended(4))
        let failure = try await failure { _ = try await task.value }
        #expect(failure.code == .releaseFailed)
        #expect(failure.fault == .code)
        #expect(said("ended with exit code 4"))
        #expect(try await !demo.exists("deployment"))
        #expect(try await jobs().count == 1)
    }

    @Test("an image that cannot be pulled is said while it happens, and ends the wait for a start")
    func imagePull() async throws {
        let task = try start(with: rollout.settings(progress: .seconds(40)))
        try await rollout.makeWaiting("d1", "ImagePullBackOff", "Back-off pulling image")
        try await eventually("the reason is in the log") {
            said("Release: its pod has not started; pod") && said("ImagePullBackOff: Back-off pulling image")
        }
        let failure = try await failure { _ = try await task.value }
        #expect(failure.code == .imagePullFailed)
        #expect(failure.fault == .platform)
        #expect(failure.message.contains("could not start within 40 s (kubernetes.progressSeconds)"))
        #expect(failure.message.contains("Back-off pulling image"))
        try await isGone()
    }

    @Test("a pod that no node has room for is said")
    func unschedulable() async throws {
        let task = try start(with: rollout.settings(rollout: .seconds(40)))
        let condition =
            #"{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/3 nodes are available"}"#
        try await rollout.setStatus("d1", #"{"phase":"Pending","conditions":[\#(condition)]}"#)
        try await eventually("the reason is in the log") { said("Unschedulable: 0/3 nodes are available") }
        let failure = try await failure { _ = try await task.value }
        #expect(failure.code == .unschedulable)
        #expect(failure.message.contains("could not start within 40 s (kubernetes.rolloutSeconds)"))
        try await isGone()
    }

    @Test("a quota that leaves no room for the pod is named")
    func quota() async throws {
        try await demo.kubectl("create", "quota", "none", "--hard=pods=0")
        try await eventually("the quota counts") { try await demo.object("quota", "none")["status"]?["hard"] != nil }
        let task = try start(with: rollout.settings(progress: .seconds(25)))
        try await eventually("the event is told") { said("exceeded quota: none") }
        let failure = try await failure { _ = try await task.value }
        #expect(failure.code == .limitExceeded)
        #expect(failure.message.contains("exceeded quota: none"))
        try await isGone()
    }

    @Test("a command that runs too long is ended, with its Job")
    func late() async throws {
        let task = try start(with: rollout.settings(rollout: .seconds(40)))
        try await rollout.setStatus("d1", #"{"phase":"Running"}"#)
        try await eventually("the start is told") { said("Release: the command runs") }
        let limit = try await jobs().first?["spec"]?["activeDeadlineSeconds"]?.integer
        // The cluster's own limit is for Jobs whose worker is gone.
        #expect(try #require(limit) > 40)
        let failure = try await failure { _ = try await task.value }
        #expect(failure.code == .releaseFailed)
        #expect(failure.fault == .timedOut)
        #expect(failure.message.contains("was not done within 40 s"))
        try await isGone()
    }

    @Test("a build that is cancelled takes its Job with it")
    func cancelled() async throws {
        let task = try start()
        try await rollout.setStatus("d1", #"{"phase":"Running"}"#)
        task.cancel()
        let failure = try await failure { _ = try await task.value }
        #expect(failure.fault == .cancelled)
        try await isGone()
        #expect(try await !demo.exists("deployment"))
    }

    @Test("the attempt that takes a build over ends what the former one has left, before it starts its own")
    func takeover() async throws {
        let former = try start(epoch: 1)
        try await rollout.setStatus("d1", #"{"phase":"Running"}"#)
        let old = try await rollout.pods("d1").first?["metadata"]?["name"]?.string ?? ""
        let next = try start(epoch: 2)
        // The former one still watches here; it neither goes on nor makes its Job again.
        let failure = try await failure { _ = try await former.value }
        #expect(failure.code == .superseded)
        try await eventually("the new Job alone is there") {
            let jobs = try await jobs()
            return jobs.count == 1 && jobs[0].annotation("slipway/epoch") == "2"
        }
        try await eventually("the former pod is gone") { try await !demo.exists("pod", old) }
        #expect(said("which build 'd1' has left running"))
        try await rollout.setStatus("d1", Self.ended(0))
        try await eventually("the Deployment") { try await demo.exists("deployment") }
        try await rollout.makeReady("d1", count: 2)
        _ = try await next.value
    }

    @Test("of two builds that come at once the newer one's command runs, and the older one's never beside it")
    func race() async throws {
        let meeting = Meeting()
        let older = try start("d1", queuedAt: 1000, confirm: { try await meeting.come() })
        let newer = try start("d2", queuedAt: 2000, confirm: { try await meeting.come() })
        let failure = try await failure { _ = try await older.value }
        #expect(failure.code == .superseded, "\(failure)")
        try await eventually("the newer one's Job alone is there") {
            let (jobs, pods) = (try await jobs(), try await rollout.pods("d1"))
            return jobs.map { $0.annotation("slipway/build") } == ["d2"] && pods.isEmpty
        }
        newer.cancel()
        _ = try await refusal(of: newer)
        try await isGone()
    }

    /// Lets nobody on until two are there.
    private actor Meeting {
        private var count = 0

        private func arrive() { count += 1 }

        private var isComplete: Bool { count > 1 }

        nonisolated func come() async throws {
            await arrive()
            try await eventually("both are there") { await isComplete }
        }
    }

    private func refusal(of task: Task<AppliedDeployment, any Error>) async throws -> BuildFailure {
        try await failure { _ = try await task.value }
    }

    @Test("what has run under a lease is not run again under it, and not before an older build's")
    func done() async throws {
        let calls = Mutex(0)
        let lost = BuildFailure(.platform, .internal, operation: "test", message: "lost")
        // The worker is gone when the command has run.
        let first = try start("d2", epoch: 1, queuedAt: 2000) {
            let isFirst = calls.withLock { calls in
                calls += 1
                return calls == 1
            }
            if !isFirst { throw lost }
        }
        try await rollout.setStatus("d2", Self.ended(0))
        #expect(try await refusal(of: first) == lost)
        let job = try #require(try await jobs().first)

        let older = try await refusal(of: try start("d1", epoch: 9, queuedAt: 1000))
        #expect(older.code == .superseded)
        #expect(try await rollout.pods("d1").isEmpty)

        let second = try start("d2", epoch: 1, queuedAt: 2000)
        try await eventually("the Deployment") { try await demo.exists("deployment") }
        #expect(said("It has run already under this lease."))
        #expect(try await jobs().map { $0["metadata"]?["uid"] } == [job["metadata"]?["uid"]])
        try await rollout.makeReady("d2", count: 2)
        _ = try await second.value

        // A new lease is a new attempt, in the place of the old one.
        let third = try start("d2", epoch: 2, queuedAt: 2000)
        try await eventually("its own Job") {
            let jobs = try await jobs()
            return jobs.count == 1 && jobs[0].annotation("slipway/epoch") == "2"
        }
        third.cancel()
        _ = try await refusal(of: third)
    }

    @Test("a Job of that name that is somebody else's is left alone, and named")
    func foreign() async throws {
        try await demo.kubectl("create", "job", "shop-release", "--image=example.com/theirs:1")
        let failure = try await refusal(of: try start())
        #expect(failure.code == .deploymentConflict)
        #expect(failure.message.contains("Job 'shop-release'"))
        #expect(try await jobs().count == 1)
    }

    @Test("a Job that somebody deletes fails the build, which is not superseded by that")
    func deleted() async throws {
        let task = try start()
        try await rollout.setStatus("d1", #"{"phase":"Running"}"#)
        try await demo.kubectl("delete", "jobs", "--all")
        let failure = try await failure { _ = try await task.value }
        #expect(failure.code == .releaseFailed)
        #expect(failure.fault == .platform)
        #expect(failure.message.contains("was deleted while it ran, by somebody or with its namespace"))
        #expect(try await !demo.exists("deployment"))
    }

    @Test("an older build, or a lease that was taken over, does not start beside the newer one's command")
    func fenced() async throws {
        let newer = try start("d1", epoch: 2, queuedAt: 2000)
        try await rollout.setStatus("d1", #"{"phase":"Running"}"#)
        let stale = try await failure { _ = try await start("d1", epoch: 1, queuedAt: 2000).value }
        #expect(stale.code == .staleEpoch)
        let older = try await failure { _ = try await start("d0", epoch: 9, queuedAt: 1000).value }
        #expect(older.code == .superseded)
        #expect(try await jobs().count == 1)
        newer.cancel()
        _ = try await failure { _ = try await newer.value }
        try await isGone()
    }
}
