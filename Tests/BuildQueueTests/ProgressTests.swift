import BuildModel
import Documents
import TestSupport
import Testing

@testable import BuildQueue

@Suite("A build's course")
struct ProgressTests {
    @Test("is told by its state, its phases and its events")
    func course() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        for phase in [BuildPhase.cloning, .cloning, .pushing, .deploying] {
            try await worker.setPhase(lease, phase)
            let status = try await farm.status("d1")
            #expect(status.state == (phase == .deploying ? .deploying : .building))
            #expect(status.phase == phase.rawValue)
        }
        try await worker.finish(lease, .succeeded(BuildResult()))
        let told = try await farm.client.events(of: "d1").map { "\($0.type) \($0.state) \($0.phase ?? "-")" }
        #expect(
            told == [
                "queued PENDING -", "claimed BUILDING -", "phase BUILDING cloning", "phase BUILDING pushing",
                "phase DEPLOYING deploying", "finished SUCCESS deploying",
            ]
        )
        #expect(try await farm.client.events().count == 6)
    }

    @Test("does not go back from DEPLOYING")
    func noWayBack() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        try await worker.setPhase(lease, .deploying)
        await #expect(throws: BuildFailure.self) { try await worker.setPhase(lease, .pushing) }
        #expect(try await farm.status("d1").phase == "deploying")
    }

    @Test("wakes those who wait for events")
    func waitingForEvents() async throws {
        let farm = try await Farm()
        async let events = farm.client.events(after: "$", waiting: .seconds(300))
        try await eventually("the reader waits in the server") {
            try await farm.server.cli("INFO", "clients").contains { $0.hasPrefix("blocked_clients:1") }
        }
        _ = try await farm.client.enqueue(Farm.request("d1"))
        #expect(try await events.map(\.deploymentID) == ["d1"])
        #expect(try await farm.client.events(after: "$", waiting: .milliseconds(50)).isEmpty)
    }

    @Test("ends with all that the build made")
    func success() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        try await worker.finish(lease, .succeeded(try fullResult()))
        try await worker.finish(lease, .succeeded(try fullResult()))
        let json = try await farm.status("d1").json
        let digest = "sha256:" + String(repeating: "ab", count: 32)
        #expect(json["state"] == "SUCCESS")
        #expect(json["image"] == .string("127.0.0.1:5000/p1:d1@\(digest)"))
        #expect(json["digest"] == .string(digest))
        #expect(json["rollbackDeploymentId"] == "d0")
        #expect(json["sizeBytes"] == 1234)
        #expect(json["phases"] == ["cloning": 12, "pushing": 345])
        #expect(json["language"] == "python")
        #expect(json["worker"] == "w1")
        #expect(json["failure"] == nil)
        #expect(json["finishedAt"]?.string?.hasSuffix("Z") == true)
        #expect(try await farm.server.cli("ZCARD", "slipway:{farm}:leases") == ["0"])
    }

    @Test("ends as FAILED or CANCELLED with the reason", arguments: BuildFailure.Fault.allCases)
    func failure(fault: BuildFailure.Fault) async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        let message = "It broke: \"ünï\u{0}\" " + String(repeating: "x", count: 20_000)
        let failure = BuildFailure(fault, .init(rawValue: "it_broke"), operation: "test", message: message)
        try await worker.finish(lease, .failed(failure))
        let status = try await farm.status("d1")
        #expect(status.state == (fault == .cancelled ? .cancelled : .failed))
        #expect(status.failure?.fault == fault.rawValue)
        #expect(status.failure?.code == "it_broke")
        #expect(status.failure?.message.hasPrefix("It broke: \"ünï\u{0}\" xxx") == true)
        #expect(status.failure?.message.utf8.count ?? 0 < 9000)
        #expect(try await farm.client.events(of: "d1").last?.code == "it_broke")
    }

    @Test("cannot end twice in different ways")
    func oneEnd() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        try await worker.finish(lease, .succeeded(BuildResult()))
        let failure = await #expect(throws: BuildFailure.self) {
            try await worker.finish(lease, .failed(.cancelled(operation: "test")))
        }
        #expect(failure?.code == .leaseLost)
        #expect(try await farm.status("d1").state == .success)
    }

    @Test("is forgotten after its retention, and then its id is free")
    func retention() async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.retention = .milliseconds(50) }
        let lease = try await farm.claimed("d1", by: worker)
        try await worker.appendLog(lease, from: 1, lines("a"))
        try await worker.finish(lease, .succeeded(BuildResult()))
        try await eventually("the build is forgotten") { try await farm.client.status("d1") == nil }
        #expect(try await worker.claim() == nil)
        #expect(try await farm.server.cli("KEYS", "*d1*").isEmpty)
        #expect(try await farm.server.cli("ZCARD", "slipway:{farm}:builds") == ["0"])
        #expect(try await farm.client.enqueue(Farm.request("d1")).isNew)
    }
}
