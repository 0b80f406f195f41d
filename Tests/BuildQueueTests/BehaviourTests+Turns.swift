import BuildModel
import TestSupport
import Testing

@testable import BuildQueue

@Suite("Turns, in memory and in Redis alike")
struct TurnBehaviourTests {
    private func add(_ queue: AnyQueue, _ ids: [String], tenant: String, _ more: String = "") async throws {
        for id in ids {
            _ = try await queue.enqueue(id, #","organizationId":"\#(tenant)","deploy":false\#(more)"#)
        }
    }

    @Test("let one build of a tenant begin next, however many another has waiting", arguments: QueueKind.allCases)
    func fair(_ kind: QueueKind) async throws {
        let queue = try await AnyQueue(kind)
        try await add(queue, (0..<60).map { "a\($0)" }, tenant: "acme")
        #expect(try await queue.drain(10) == (0..<10).map { "a\($0)" })
        try await add(queue, ["b1"], tenant: "beta")
        #expect(try await queue.drain(2).contains("b1"))
        // Its absence before has earned it nothing.
        try await add(queue, ["b2", "b3", "b4", "b5"], tenant: "beta")
        let next = try await queue.drain(8)
        #expect(next.count { $0.hasPrefix("b") } == 4)
        #expect(next.prefix(4).count { $0.hasPrefix("b") } == 2)
    }

    @Test("are as many as a tenant's weight", arguments: QueueKind.allCases)
    func weights(_ kind: QueueKind) async throws {
        let queue = try await AnyQueue(kind) { $0.tenantWeights = ["acme": 3] }
        try await add(queue, (0..<20).map { "a\($0)" }, tenant: "acme")
        try await add(queue, (0..<20).map { "b\($0)" }, tenant: "beta")
        #expect((11...13).contains(try await queue.drain(16).count { $0.hasPrefix("a") }))
    }

    @Test("are not given to a tenant that has as many builds running as it may", arguments: QueueKind.allCases)
    func tenantLimit(_ kind: QueueKind) async throws {
        let queue = try await AnyQueue(kind) { $0.tenantLimit = 2 }
        try await add(queue, ["a1", "a2", "a3"], tenant: "acme")
        try await add(queue, ["b1"], tenant: "beta")
        var leases: [Lease] = []
        while let lease = try await queue.queue.claim() { leases.append(lease) }
        #expect(Set(leases.map(\.id)) == ["a1", "a2", "b1"])
        let first = try #require(leases.first { $0.id == "a1" })
        try await queue.queue.finish(first, .succeeded(BuildResult()), within: .seconds(5))
        #expect(try await queue.claim().id == "a3")
    }

    @Test("keep a project's builds apart from those of the same name of another tenant", arguments: QueueKind.allCases)
    func projects(_ kind: QueueKind) async throws {
        let queue = try await AnyQueue(kind)
        for (id, tenant) in [("a1", "acme"), ("a2", "acme"), ("b1", "beta")] {
            _ = try await queue.enqueue(id, #","organizationId":"\#(tenant)""#)
        }
        _ = try await queue.enqueue("rendered", #","organizationId":"acme","deploy":"render""#)
        var ids: Set<String> = []
        while let lease = try await queue.queue.claim() { ids.insert(lease.id) }
        #expect(ids == ["a1", "b1", "rendered"])
    }

    @Test("count a rollback among what a project deploys, whatever else it says", arguments: QueueKind.allCases)
    func rollbacks(_ kind: QueueKind) async throws {
        let queue = try await AnyQueue(kind)
        _ = try await queue.enqueue("d1")
        for (index, mode) in ["false", #""none""#, #""render""#].enumerated() {
            let target = index == 0 ? "true" : #""d0""#
            _ = try await queue.enqueue("back-\(index)", #","rollback":\#(target),"deploy":\#(mode)"#)
        }
        _ = try await queue.enqueue("none", #","rollback":false,"deploy":false"#)
        #expect(try await queue.claim().id == "d1")
        #expect(try await queue.claim().id == "none")
        #expect(try await queue.queue.claim() == nil)
    }

    @Test("go to workers that have all labels of a build", arguments: QueueKind.allCases)
    func labels(_ kind: QueueKind) async throws {
        let queue = try await AnyQueue(kind)
        try await add(queue, ["d1"], tenant: "acme", #","labels":{"arch":"arm64"}"#)
        try await add(queue, ["d2"], tenant: "acme")
        #expect(try await queue.claim().id == "d2")
        #expect(try await queue.queue.claim() == nil)
        #expect(try await queue.claim(labels: ["arch": "amd64"]) == nil)
        #expect(try await queue.claim(labels: ["arch": "arm64", "size": "large"])?.id == "d1")
    }

    @Test("are given again to a dead letter that somebody sends once more", arguments: QueueKind.allCases)
    func deadLetters(_ kind: QueueKind) async throws {
        let queue = try await AnyQueue(kind)
        try await add(queue, ["mine", "theirs", "fine"], tenant: "acme", #","attempts":1"#)
        let faults: [BuildFailure.Fault] = [.platform, .code]
        for fault in faults {
            let failure = BuildFailure(fault, .unreachable, operation: "test", message: "No.", isRetryable: true)
            try await queue.queue.finish(try await queue.claim(), .failed(failure), within: .seconds(5))
        }
        #expect(try await queue.drain() == ["fine"])
        #expect(try await queue.dead() == ["mine"])
        for (id, code) in [("fine", BuildFailure.Code.invalidRequest), ("nobody", .notFound)] {
            let refused = await #expect(throws: BuildFailure.self) { try await queue.retry(id) }
            #expect(refused?.code == code)
        }
        try await queue.retry("mine")
        #expect(try await queue.dead() == [])
        let again = try await queue.claim()
        #expect(again.id == "mine")
        #expect(again.attempt == 1)
    }
}
