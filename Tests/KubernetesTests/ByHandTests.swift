import BuildModel
import Kubernetes
import TestSupport
import Testing

@Suite("By hand, with a clock that is behind")
struct ByHandTests {
    private let demo: DeployFixture
    /// What the queue's clock said when the build was asked for.
    private let queue: Int64 = 1_800_000_000_000
    /// What ours says after that.
    private let ours: Int64 = 1_700_000_000_000

    init() async throws {
        demo = try await DeployFixture()
        try await demo.apply(try demo.intent(epoch: queue + 5, queuedAt: queue))
    }

    @Test("another build, and the same one, come after what is there", arguments: ["d1", "d2"])
    func after(build: String) async throws {
        let late = try demo.intent(Sample.request(deployment: build), image: "c", epoch: ours, queuedAt: ours)
        _ = try await failure { try await demo.apply(late) }
        let intent = try await demo.deployer().following(late)
        #expect(intent.stamp.queuedAt == queue + 1 && intent.stamp.epoch == queue + 6)
        try await demo.apply(intent)
        #expect(try await demo.object("deployment").annotation("slipway/build") == build)
        let stamp = BuildStamp(projectID: "shop", deploymentID: "r1", queuedAt: ours, epoch: ours)
        let rollback = try await demo.deployer().following(stamp)
        #expect(rollback.queuedAt == queue + 2 && rollback.epoch == queue + 7)
    }

    @Test("what the queue has asked for since, or applied under a later lease, is not overwritten")
    func fenced() async throws {
        let intent = try demo.intent(Sample.request(deployment: "d2"), image: "c", epoch: ours, queuedAt: ours)
        let hand = try await demo.deployer().following(intent)
        try await demo.apply(try demo.intent(Sample.request(deployment: "d3"), epoch: queue + 9, queuedAt: queue + 9))
        #expect(try await failure { try await demo.apply(hand) }.code == .superseded)
        let same = try demo.intent(Sample.request(deployment: "d3"), image: "c", epoch: ours, queuedAt: ours)
        let again = try await demo.deployer().following(same)
        try await demo.apply(try demo.intent(Sample.request(deployment: "d3"), epoch: queue + 11, queuedAt: queue + 9))
        #expect(try await failure { try await demo.apply(again) }.code == .staleEpoch)
    }

    @Test("a clock that is not behind counts, and so does no object of another project")
    func ahead() async throws {
        let later = queue + 1000
        let intent = try demo.intent(Sample.request(deployment: "d2"), epoch: later, queuedAt: later)
        #expect(try await demo.deployer().following(intent) == intent)
        try await demo.kubectl("annotate", "deployment,service", "shop", "--overwrite", "slipway/project=other")
        let foreign = try demo.intent(Sample.request(deployment: "d2"), epoch: ours, queuedAt: ours)
        #expect(try await demo.deployer().following(foreign) == foreign)
        #expect(try await failure { try await demo.apply(foreign) }.code == .deploymentConflict)
    }
}
