import BuildModel
import Kubernetes
import Synchronization
import TestSupport
import Testing

@Suite("The newest build wins, whoever comes last")
struct FenceTests {
    private let demo: DeployFixture

    init() async throws {
        demo = try await DeployFixture()
    }

    @Test("a build that was asked for earlier does not overwrite a newer one, whatever its lease's number")
    func olderBuild() async throws {
        try await demo.apply(try demo.intent(Sample.request(deployment: "d2"), image: "c", epoch: 3, queuedAt: 2000))
        let failure = try await failure {
            try await demo.apply(try demo.intent(Sample.request(deployment: "d1"), epoch: 9, queuedAt: 1000))
        }
        #expect(failure.code == .superseded)
        #expect(failure.fault == .cancelled)
        #expect(try await demo.object("deployment").annotation("slipway/build") == "d2")
    }

    /// Holds an attempt right before it writes, until another one has written.
    private func overtaken(
        _ slow: DeploymentIntent,
        by fast: DeploymentIntent
    ) async throws -> BuildFailure {
        let first = Mutex(true)
        return try await failure {
            try await demo.apply(slow) {
                let isFirst = first.withLock { first in
                    defer { first = false }
                    return first
                }
                guard isFirst else { return }
                try await demo.apply(fast)
            }
        }
    }

    @Test(
        "a newer build that comes between reading and writing is not overwritten, neither a new object nor an old one"
    )
    func overtakenByBuild() async throws {
        let older = try demo.intent(Sample.request(deployment: "d1"), epoch: 9, queuedAt: 1000)
        let newer = try demo.intent(Sample.request(deployment: "d2"), image: "c", epoch: 3, queuedAt: 2000)
        #expect(try await overtaken(older, by: newer).code == .superseded)
        #expect(try await demo.object("deployment").deployedImage?.hasSuffix(Sample.digest("c")) == true)
        #expect(try await demo.object("service").annotation("slipway/build") == "d2")

        let next = try demo.intent(Sample.request(deployment: "d3"), image: "d", epoch: 10, queuedAt: 3000)
        let newest = try demo.intent(Sample.request(deployment: "d4"), image: "e", epoch: 4, queuedAt: 4000)
        #expect(try await overtaken(next, by: newest).code == .superseded)
        #expect(try await demo.object("deployment").deployedImage?.hasSuffix(Sample.digest("e")) == true)
    }

    @Test("an attempt whose successor comes between reading and writing does not overwrite it")
    func overtakenByEpoch() async throws {
        let stale = try demo.intent(epoch: 7)
        let fresh = try demo.intent(image: "c", epoch: 8)
        #expect(try await overtaken(stale, by: fresh).code == .staleEpoch)
        #expect(try await demo.object("deployment").annotation("slipway/epoch") == "8")
    }

    @Test("of many deployers that race, the newest build is what stays")
    func race() async throws {
        let builds = 8
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...builds {
                group.addTask {
                    let request = Sample.request(deployment: "d\(number)")
                    let intent = try demo.intent(request, epoch: Int64(100 - number), queuedAt: Int64(number))
                    do {
                        try await demo.apply(intent)
                    } catch let failure as BuildFailure where failure.code == .superseded {
                        #expect(number < builds)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await demo.object("deployment").annotation("slipway/build") == "d\(builds)")
        #expect(try await demo.object("service").annotation("slipway/build") == "d\(builds)")
    }

    @Test("what the first deploy makes is owned by applies alone, so that a later one can remove it")
    func ownership() async throws {
        try await demo.apply(try demo.intent(Sample.request { $0.environmentVariables = ["OLD": "1"] }))
        let text = try await demo.kubectl(
            "get",
            "deployment",
            "shop",
            "-o",
            "jsonpath={range .metadata.managedFields[*]}{.manager}:{.operation} {end}"
        )
        #expect(text.split(separator: " ") == ["slipway:Apply"])
    }
}
