import BuildModel
import Platform
import TestSupport
import Testing

@testable import BuildQueue

@Suite("A queue, in memory and in Redis alike")
struct BehaviourTests {
    private static let passing = BuildFailure(
        .platform,
        .unreachable,
        operation: "test",
        message: "It may pass.",
        isRetryable: true
    )
    private static let final = BuildFailure(.code, .invalidRequest, operation: "test", message: "It will not pass.")

    @Test("takes an id once, whatever the producer repeats", arguments: QueueKind.allCases)
    func idempotent(_ kind: QueueKind) async throws {
        let queue = try await AnyQueue(kind)
        #expect(try await queue.enqueue("d1").isNew)
        #expect(try await !queue.enqueue("d1", #","priority":9"#).isNew)
        let lease = try await queue.claim()
        #expect(lease.id == "d1")
        #expect(lease.attempt == 1)
        #expect(try await queue.queue.claim() == nil)
        let again = try await queue.enqueue("d1")
        #expect(again.state == .building)
    }

    @Test("runs higher priorities first, and equal ones in order", arguments: QueueKind.allCases)
    func order(_ kind: QueueKind) async throws {
        let queue = try await AnyQueue(kind)
        for (id, priority) in [("a", 0), ("b", 5), ("c", 0), ("d", 5), ("e", -1)] {
            _ = try await queue.enqueue(id, #","deploy":false,"priority":\#(priority)"#)
        }
        var ids: [String] = []
        while let lease = try await queue.queue.claim() { ids.append(lease.id) }
        #expect(ids == ["b", "d", "a", "c", "e"])
    }

    @Test("deploys one build of a project at a time, in order", arguments: QueueKind.allCases)
    func project(_ kind: QueueKind) async throws {
        let queue = try await AnyQueue(kind)
        for id in ["d1", "d2"] {
            _ = try await queue.enqueue(id, #","backoff":{"type":"exponential","delay":100}"#)
        }
        let first = try await queue.claim()
        #expect(first.id == "d1")
        #expect(try await queue.queue.claim() == nil)
        // One that waits for another attempt still goes first.
        guard case .retrying = try await queue.queue.finish(first, .failed(Self.passing), within: .seconds(5)) else {
            throw NothingClaimed()
        }
        #expect(try await queue.queue.claim() == nil)
        let second = try await eventually("it is tried again") { try await queue.queue.claim() }
        #expect(second.id == "d1")
        try await queue.queue.finish(second, .succeeded(BuildResult()), within: .seconds(5))
        #expect(try await queue.claim().id == "d2")
    }

    @Test("gives every lease a higher epoch, and refuses the older one everywhere", arguments: QueueKind.allCases)
    func epochs(_ kind: QueueKind) async throws {
        let queue = try await AnyQueue(kind)
        _ = try await queue.enqueue("d1")
        let stale = try await queue.claim()
        try await queue.queue.giveBack(stale, within: .seconds(5))
        let held = try await queue.claim()
        #expect(held.epoch > stale.epoch)
        #expect(held.attempt == 1)
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await queue.queue.renew(stale) }, { try await queue.queue.confirm(stale) },
            { try await queue.queue.setPhase(stale, .pushing) },
            { try await queue.queue.giveBack(stale, within: .seconds(5)) },
            { try await queue.queue.finish(stale, .succeeded(BuildResult()), within: .seconds(5)) },
        ]
        for call in calls {
            let failure = await #expect(throws: BuildFailure.self) { try await call() }
            #expect(failure?.code == .leaseLost)
        }
        try await queue.queue.confirm(held)
        #expect(try await queue.build("d1").state == .building)
    }

    @Test("lets a lease that ran out be renewed, and nothing else", arguments: QueueKind.allCases)
    func expiry(_ kind: QueueKind) async throws {
        let queue = try await AnyQueue(kind, lease: .milliseconds(300))
        _ = try await queue.enqueue("d1")
        let lease = try await queue.claim()
        try await eventually("the lease has run out") {
            do {
                try await queue.queue.confirm(lease)
                return false
            } catch let failure as BuildFailure where failure.isRetryable {
                // A call has a quarter of the lease, which a busy machine may take for one.
                return failure.code == .leaseOver
            }
        }
        try await eventually("it is renewed, and holds") {
            do {
                _ = try await queue.queue.renew(lease)
                try await queue.queue.confirm(lease)
                return true
            } catch let failure as BuildFailure where failure.isRetryable {
                return false
            }
        }
    }

    @Test("starts a lost worker's build again, and puts it aside after the third time", arguments: QueueKind.allCases)
    func recovery(_ kind: QueueKind) async throws {
        let queue = try await AnyQueue(kind, lease: .seconds(1))
        _ = try await queue.enqueue("d1")
        for _ in 1...3 {
            _ = try await queue.claim()
            try await queue.recover("d1")
        }
        #expect(try await queue.build("d1").state == .failed)
        #expect(try await queue.build("d1").code == "quarantined")
        #expect(try await queue.queue.claim() == nil)
    }

    @Test("tries again what may pass, later each time, and not what will not", arguments: QueueKind.allCases)
    func retries(_ kind: QueueKind) async throws {
        let queue = try await AnyQueue(kind)
        _ = try await queue.enqueue("d1", #","attempts":3,"backoff":{"type":"exponential","delay":100}"#)
        var waits: [ClosedRange<Int64>] = []
        for number in 1...3 {
            let lease = try await eventually("attempt \(number) begins") { try await queue.queue.claim() }
            #expect(lease.attempt == number)
            let before = SystemInformation.currentMilliseconds
            let receipt = try await queue.queue.finish(lease, .failed(Self.passing), within: .seconds(5))
            let after = SystemInformation.currentMilliseconds
            // A repeat whose reply was lost says the same.
            #expect(try await queue.queue.finish(lease, .failed(Self.passing), within: .seconds(5)) == receipt)
            // Counted from some moment of the call, however long that took.
            if case .retrying(let due) = receipt { waits.append(due - after - 5...due - before + 5) }
        }
        #expect(waits.count == 2)
        #expect(waits.first?.contains(100) == true, "\(waits)")
        #expect(waits.last?.contains(200) == true, "\(waits)")
        #expect(try await queue.build("d1") == KnownBuild(state: .failed, attempt: 3, code: "unreachable"))
        _ = try await queue.enqueue("d2")
        let lease = try await queue.claim()
        #expect(try await queue.queue.finish(lease, .failed(Self.final), within: .seconds(5)) == .ended)
        #expect(try await queue.build("d2") == KnownBuild(state: .failed, attempt: 1, code: "invalid_request"))
    }

    @Test("waits as long as a request asks", arguments: QueueKind.allCases)
    func delay(_ kind: QueueKind) async throws {
        let queue = try await AnyQueue(kind)
        let start = ContinuousClock.now
        _ = try await queue.enqueue("d1", #","delay":400"#)
        _ = try await eventually("the delay is over") { try await queue.queue.claim() }
        #expect(start.duration(to: .now) > .milliseconds(390))
    }

    @Test("cancels what waits at once, and tells what runs", arguments: QueueKind.allCases)
    func cancel(_ kind: QueueKind) async throws {
        let queue = try await AnyQueue(kind)
        for id in ["d1", "d2"] { _ = try await queue.enqueue(id) }
        let lease = try await queue.claim()
        #expect(try await queue.cancel("d2") == .cancelled)
        #expect(try await queue.cancel("d1") == .building)
        #expect(try await queue.queue.renew(lease).cancellation?.code == .cancelled)
        let refused = await #expect(throws: BuildFailure.self) { try await queue.queue.confirm(lease) }
        #expect(refused?.fault == .cancelled)
        try await queue.queue.finish(lease, .failed(Self.passing), within: .seconds(5))
        #expect(try await queue.build("d1") == KnownBuild(state: .cancelled, attempt: 1, code: "cancelled"))
        #expect(try await queue.build("d2") == KnownBuild(state: .cancelled, attempt: 0, code: "cancelled"))
        let unknown = await #expect(throws: BuildFailure.self) { try await queue.cancel("nobody") }
        #expect(unknown?.code == .notFound)
    }

    @Test("lets a newer build of the same key take an older one's place", arguments: QueueKind.allCases)
    func supersedes(_ kind: QueueKind) async throws {
        let queue = try await AnyQueue(kind)
        _ = try await queue.enqueue("d1", #","supersedes":"main""#)
        let lease = try await queue.claim()
        _ = try await queue.enqueue("d2", #","supersedes":"main""#)
        _ = try await queue.enqueue("d3", #","supersedes":"main""#)
        #expect(try await queue.build("d2").code == "superseded")
        #expect(try await queue.queue.renew(lease).cancellation?.code == .superseded)
        try await queue.queue.giveBack(lease, within: .seconds(5))
        #expect(try await queue.build("d1").state == .cancelled)
        #expect(try await queue.drain() == ["d3"])
        // Sent again by hand it is the newest, until another one comes.
        try await queue.retry("d1")
        _ = try await queue.enqueue("d4", #","supersedes":"main""#)
        #expect(try await queue.build("d1").code == "superseded")
        #expect(try await queue.drain() == ["d4"])
    }

    @Test("lets no newer build of a project begin before one that comes back", arguments: QueueKind.allCases)
    func comesBack(_ kind: QueueKind) async throws {
        let queue = try await AnyQueue(kind)
        _ = try await queue.enqueue("d1", #","backoff":{"type":"exponential","delay":0}"#)
        let first = try await queue.claim()
        _ = try await queue.enqueue("d2", #","priority":10"#)
        try await queue.queue.giveBack(first, within: .seconds(5))
        let second = try await queue.claim()
        #expect(second.id == "d1")
        try await queue.queue.finish(second, .failed(Self.passing), within: .seconds(5))
        #expect(try await queue.drain() == ["d1", "d2"])
    }
}
