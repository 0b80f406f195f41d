import TestSupport
import Testing

/// The checker itself: what it must refuse, made up. Leases are 50 long. Epoch 1 had one until 150 and, late, from 230 to 280, and was
/// taken back at 300; epoch 2 had one until 450 and from 470 to 520, and ended at 500.
@Suite("The checker of effects")
struct StaleEffectTests {
    private func history(_ more: [(type: String, epoch: Int64, time: Int64, code: String)] = []) -> History {
        let told: [(String, Int64, String, Int64)] = [
            ("queued", 0, "", 50), ("claimed", 1, "node-1", 100), ("phase", 1, "node-1", 140),
            ("recovered", 1, "", 300), ("claimed", 2, "node-2", 400), ("finished", 2, "node-2", 500),
        ]
        var events = told.map { History.Event(type: $0, state: "SUCCESS", epoch: $1, worker: $2, time: $3) }
        events += more.map { History.Event(type: $0, state: "BUILDING", epoch: $1, time: $2, code: $3) }
        return History(id: "d1", events: events.sorted { $0.time < $1.time }, logAttempts: [])
    }

    private func report(_ history: History, _ effects: [Effect] = [], failovers: [ClosedRange<Int64>] = [])
        -> ChaosReport
    {
        var leases = LeaseRecord(length: 50)
        leases.note(1, until: 280)
        leases.note(2, until: 520)
        return ChaosReport(histories: [history], leases: leases, effects: effects, harm: [:], failovers: failovers)
    }

    private func expect(_ effect: Effect, isStale: Bool) {
        let report = report(history(), [effect])
        #expect(report.staleEffects == (isStale ? [effect] : []))
        #expect(report.violations.count == (isStale ? 1 : 0))
        let count = isStale ? 1 : 0
        #expect(report.text.contains("1 jobs accepted = 1 jobs ended, 0 lost, 0 doubled, \(count) stale effects"))
    }

    @Test(
        "refuses a tag outside its worker's lease, whether or not the build was taken back",
        arguments: [
            ("node-1", 120, false), ("node-1", 160, true), ("node-1", 240, false), ("node-1", 290, true),
            ("node-1", 310, true), ("node-1", 410, true), ("node-2", 120, true), ("node-2", 410, false),
            ("node-2", 460, true), ("node-2", 490, false), ("node-2", 505, true), ("node-3", 120, true),
        ] as [(String, Int64, Bool)]
    )
    func tags(worker: String, time: Int64, isStale: Bool) {
        expect(Effect(TagWrite(worker: worker, tag: "d1", began: time, ended: time + 5)), isStale: isStale)
    }

    @Test(
        "refuses a Deployment that carries an epoch without a lease",
        arguments: [
            (1, 120, false), (1, 160, true), (1, 240, false), (1, 290, true), (1, 410, true), (2, 290, true),
            (2, 410, false), (2, 460, true), (2, 505, true), (3, 410, true),
        ] as [(Int64, Int64, Bool)]
    )
    func deployments(epoch: Int64, time: Int64, isStale: Bool) {
        expect(
            Effect(kind: .deployment, build: "d1", epoch: epoch, began: time, ended: time + 5),
            isStale: isStale
        )
    }

    @Test(
        "refuses a log that grew while the lease was over, and takes one that may have grown before",
        arguments: [
            (1, 110, 130, false), (1, 140, 160, false), (1, 160, 220, true), (1, 220, 240, false), (1, 285, 295, true),
            (1, 320, 330, true), (2, 452, 468, true), (2, 495, 515, false), (2, 505, 515, true),
        ] as [(Int64, Int64, Int64, Bool)]
    )
    func logs(epoch: Int64, began: Int64, ended: Int64, isStale: Bool) {
        expect(Effect(kind: .log, build: "d1", epoch: epoch, began: began, ended: ended), isStale: isStale)
    }

    @Test(
        "refuses what was told of a build by an epoch without a lease",
        arguments: [
            ("phase", 1, 120, "", false), ("phase", 1, 160, "", true), ("phase", 1, 240, "", false),
            ("phase", 1, 290, "", true), ("phase", 2, 460, "", true), ("retrying", 1, 290, "", true),
            ("given_back", 1, 290, "", true), ("finished", 1, 290, "", true), ("finished", 2, 460, "", true),
            // Nobody's word but the farm's.
            ("finished", 1, 290, "quarantined", false), ("finished", 1, 290, "cancelled", false),
            ("cancelling", 1, 290, "", false),
        ] as [(String, Int64, Int64, String, Bool)]
    )
    func statuses(type: String, epoch: Int64, time: Int64, code: String, isStale: Bool) {
        let stale = report(history([(type, epoch, time, code)])).staleEffects
        #expect(stale.contains { $0.kind == .status && $0.began == time } == isStale)
    }

    @Test(
        "excuses what came while the primary changed or within a lease after it, but not what Redis itself tells",
        arguments: [(200...260, true), (280...300, true), (292...400, true), (200...230, false), (296...400, false)]
            as [(ClosedRange<Int64>, Bool)]
    )
    func failovers(change: ClosedRange<Int64>, isExcused: Bool) {
        let tag = Effect(TagWrite(worker: "node-1", tag: "d1", began: 290, ended: 295))
        #expect(report(history(), [tag], failovers: [change]).staleEffects == (isExcused ? [] : [tag]))
        #expect(report(history([("phase", 1, 290, "")]), failovers: [change]).staleEffects.count == 1)
    }

    @Test("refuses a second tag under one lease, and what was done for a build that nobody has asked for")
    func others() {
        let tag = Effect(TagWrite(worker: "node-1", tag: "d1", began: 120, ended: 125))
        #expect(report(history(), [tag, tag]).violations.contains { $0.contains("epoch 1 wrote its tag 2 times") })
        let unknown = Effect(TagWrite(worker: "node-1", tag: "d2", began: 120, ended: 125))
        #expect(report(history(), [unknown]).staleEffects == [unknown])
    }

    @Test(
        "reads Deployments from an API server's audit log",
        arguments: [("201", "ns", true), ("200", "ns", true), ("409", "ns", false), ("201", "other", false)]
    )
    func audit(status: String, namespace: String, isEffect: Bool) {
        let line = """
            {"verb":"create","requestReceivedTimestamp":"2026-11-26T00:00:01.500000Z",\
            "stageTimestamp":"2026-11-26T00:00:01.750000Z","objectRef":{"resource":"deployments",\
            "namespace":"\(namespace)"},"responseStatus":{"code":\(status)},"requestObject":{"metadata":\
            {"annotations":{"slipway/build":"d1","slipway/epoch":"7"}}}}
            """
        let effect = Effect(auditLine: line[...], "ns")
        #expect((effect != nil) == isEffect)
        guard let effect else { return }
        #expect(effect.kind == .deployment && effect.build == "d1" && effect.epoch == 7)
        #expect(effect.ended - effect.began == 250)
    }
}
