import BuildModel
import Documents
import Kubernetes
import Testing

@Suite("A Deployment's status is judged")
struct RolloutVerdictTests {
    private static let applied = AppliedDeployment(
        namespace: "demo",
        name: "shop",
        generation: 2,
        uid: "u",
        build: "d2",
        epoch: 7
    )

    /// A Deployment's JSON and its verdict.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var spec = #""replicas":3"#
        var status: String
        var build = "d2"
        var epoch = "7"
        var uid = "u"
        var verdict: RolloutVerdict
    }

    private static let exceeded =
        #""conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded","message":"m"}]"#

    static let cases = [
        Case(
            testDescription: "a status that has not seen the spec is no success",
            status: #""observedGeneration":1,"replicas":3,"updatedReplicas":3,"availableReplicas":3"#,
            verdict: .waiting("waiting for the cluster to take the new version up")
        ),
        Case(
            testDescription: "a failure that is older than the spec is none",
            status: #""observedGeneration":1,"# + exceeded,
            verdict: .waiting("waiting for the cluster to take the new version up")
        ),
        Case(
            testDescription: "all pods new and available",
            status: #""observedGeneration":2,"replicas":3,"updatedReplicas":3,"readyReplicas":3,"availableReplicas":3"#,
            verdict: .complete
        ),
        Case(
            testDescription: "ready, but not for long enough",
            status: #""observedGeneration":2,"replicas":3,"updatedReplicas":3,"readyReplicas":3,"availableReplicas":1"#,
            verdict: .waiting("3 of 3 pods ready, 1 for long enough")
        ),
        Case(
            testDescription: "an old pod is left",
            status: #""observedGeneration":2,"replicas":4,"updatedReplicas":3,"readyReplicas":4,"availableReplicas":4"#,
            verdict: .waiting("3 of 3 pods ready, 1 old to go")
        ),
        Case(
            testDescription: "nothing made yet: zeros are absent",
            status: #""observedGeneration":2"#,
            verdict: .waiting("0 of 3 pods of the new version made")
        ),
        Case(
            testDescription: "scaled to nothing is done",
            spec: #""replicas":0"#,
            status: #""observedGeneration":2"#,
            verdict: .complete
        ),
        Case(
            testDescription: "no progress in time",
            status: #""observedGeneration":2,"replicas":3,"updatedReplicas":3,"# + exceeded,
            verdict: .failed("ProgressDeadlineExceeded: m", pods: "0 of 3 pods ready")
        ),
        Case(
            testDescription: "another build",
            status: #""observedGeneration":2"#,
            build: "d3",
            verdict: .lost("Build 'd3' took the place of this one during its rollout.")
        ),
        Case(
            testDescription: "a later lease",
            status: #""observedGeneration":2"#,
            epoch: "8",
            verdict: .lost("Lease 8 of the same build took over during the rollout.")
        ),
        Case(
            testDescription: "made anew",
            status: #""observedGeneration":2"#,
            uid: "v",
            verdict: .gone("The Deployment 'shop' was deleted and made anew during its rollout.")
        ),
    ]

    @Test("each by its rule", arguments: cases)
    func judged(_ example: Case) throws {
        let object = try JSONDocument.parse(
            """
            {"metadata":{"uid":"\(example.uid)","generation":2,"annotations":{"slipway/project":"shop",
              "slipway/build":"\(example.build)","slipway/epoch":"\(example.epoch)"}},
             "spec":{\(example.spec)},"status":{\(example.status)}}
            """
        )
        #expect(RolloutVerdict(of: object, applied: Self.applied) == example.verdict)
    }

    @Test("a Deployment that is gone is said to be")
    func gone() {
        let verdict = RolloutVerdict(of: nil, applied: Self.applied)
        guard case .gone(let words) = verdict else { return #expect(Bool(false), "\(verdict)") }
        #expect(words.contains("The Deployment 'shop' in namespace 'demo' was deleted during its rollout"))
    }
}
