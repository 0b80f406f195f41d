import BuildModel
import TestSupport
import Testing

@testable import BuildQueue

@Suite("Cancelling")
struct CancelTests {
    @Test("ends a build that waits at once", arguments: ["", #","delay":60000"#])
    func waiting(more: String) async throws {
        let farm = try await Farm()
        try await farm.add(Farm.request("d1", more))
        #expect(try await farm.client.cancel("d1") == .cancelled)
        let status = try await farm.status("d1")
        #expect(status.state == .cancelled)
        #expect(status.failure?.code == "cancelled")
        #expect(status.notBefore == nil)
        #expect(try await farm.worker().claim() == nil)
    }

    @Test("tells the worker of a build that runs, by push and with its renewal")
    func running() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        _ = try await worker.waitForCancels(.milliseconds(1))
        let lease = try await farm.claimed("d1", by: worker)
        #expect(try await worker.renew(lease).cancellation == nil)
        async let told = worker.waitForCancels(.seconds(300))
        #expect(try await farm.client.cancel("d1") == .building)
        #expect(try await told == ["d1"])
        #expect(try await farm.status("d1").isStopping)
        #expect(try await worker.renew(lease).cancellation?.fault == .cancelled)
        let refused = await #expect(throws: BuildFailure.self) { try await worker.confirm(lease) }
        #expect(refused?.fault == .cancelled)
        #expect(refused?.code == .cancelled)
        // Again changes nothing, and is told once.
        #expect(try await farm.client.cancel("d1") == .building)
        #expect(try await farm.server.cli("XLEN", "slipway:{farm}:cancels") == ["1"])
    }

    @Test("makes any end but success CANCELLED", arguments: ["cancelled", "failed", "retryable", "given back"])
    func ends(how: String) async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        _ = try await farm.client.cancel("d1")
        let broken = BuildFailure(
            .platform,
            .system,
            operation: "test",
            message: "Broke.",
            isRetryable: how == "retryable"
        )
        switch how {
        case "cancelled": try await worker.finish(lease, .failed(.cancelled(operation: "test")))
        case "given back": try await worker.giveBack(lease)
        default: try await worker.finish(lease, .failed(broken))
        }
        let status = try await farm.status("d1")
        #expect(status.state == .cancelled)
        #expect(status.failure?.code == "cancelled")
        #expect(status.failure?.fault == "cancelled")
        #expect(!status.isStopping)
        #expect(try await worker.claim() == nil)
    }

    @Test("does not undo what has been done")
    func tooLate() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        _ = try await farm.client.cancel("d1")
        try await worker.finish(lease, .succeeded(BuildResult()))
        #expect(try await farm.status("d1").state == .success)
        #expect(try await farm.client.cancel("d1") == .success)
    }

    @Test("of a build that nobody knows is an error that names it")
    func unknown() async throws {
        let farm = try await Farm()
        let failure = await #expect(throws: BuildFailure.self) { try await farm.client.cancel("nobody") }
        #expect(failure?.code == .notFound)
        #expect(failure?.message.contains("nobody") == true)
    }

    @Test("finds a build behind a backlog that one call does not take in")
    func backlog() async throws {
        let farm = try await Farm()
        let script =
            "for i = 1, 1400 do redis.call('XADD', KEYS[1], '*', 'request', (string.gsub(ARGV[1], 'ID', 'd' .. i))) end"
        try await farm.server.cli("EVAL", script, "1", Farm.intake, Farm.request("ID"))
        _ = try farm.worker()
        #expect(try await farm.client.cancel("d1400") == .cancelled)
    }

    @Test("is one documented call")
    func fromOutside() async throws {
        let farm = try await Farm()
        _ = try await farm.worker().prepare()
        try await farm.add(Farm.request("d1"))
        #expect(try await farm.server.cli("FCALL", "slipway_v1_cancel", "1", Farm.intake, "d1") == ["CANCELLED"])
    }
}

@Suite("A newer build")
struct SupersedeTests {
    private static let line = #","supersedes":"main","organizationId":"acme""#

    @Test("takes the place of an older one of its key that waits")
    func waiting() async throws {
        let farm = try await Farm()
        for id in ["d1", "d2", "d3"] { try await farm.add(Farm.request(id, Self.line)) }
        #expect(try await farm.worker().claim()?.id == "d3")
        #expect(try await farm.worker().claim() == nil)
        let status = try await farm.status("d1")
        #expect(status.state == .cancelled)
        #expect(status.failure?.code == "superseded")
        #expect(status.supersededBy == "d2")
        #expect(try await farm.status("d2").supersededBy == "d3")
    }

    @Test("stops one that runs, and says so")
    func running() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        try await farm.add(Farm.request("d1", Self.line))
        let lease = try #require(try await worker.claim())
        _ = try await farm.client.enqueue(Farm.request("d2", Self.line))
        let cancellation = try await worker.renew(lease).cancellation
        #expect(cancellation?.code == .superseded)
        #expect(cancellation?.message.contains("d2") == true)
        try await worker.finish(lease, .failed(.cancelled(operation: "test")))
        let status = try await farm.status("d1")
        #expect(status.state == .cancelled)
        #expect(status.failure?.code == "superseded")
        #expect(try await worker.claim()?.id == "d2")
    }

    @Test("leaves those of other keys and other tenants alone, and those that have ended")
    func others() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        try await farm.add(Farm.request("old", Self.line))
        try await worker.finish(try #require(try await worker.claim()), .succeeded(BuildResult()))
        let others = [#","supersedes":"main","organizationId":"other""#, #","supersedes":"main""#, ""]
        for (number, more) in (others + [Self.line]).enumerated() {
            try await farm.add(Farm.request("d\(number)", more))
        }
        for _ in 0..<4 { #expect(try await worker.claim() != nil) }
        #expect(try await farm.status("old").state == .success)
        for number in 0..<4 { #expect(try await farm.status("d\(number)").isStopping == false) }
    }
}
