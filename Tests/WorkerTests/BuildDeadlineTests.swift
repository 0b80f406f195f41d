import BuildModel
import Platform
import Synchronization
import TestSupport
import Testing

@testable import Worker

@Suite("The time that the stages of a build may take together")
struct BuildDeadlineTests {
    private let deadline = BuildDeadline()
    private let late = BuildFailure.timedOut(operation: "build", message: "late")

    @Test("ends the build when it has passed, and again whenever it is asked")
    func passes() {
        #expect(deadline.pass())
        #expect(deadline.pass())
    }

    @Test("counts no more once it was lifted")
    func lifted() throws {
        try deadline.lift()
        #expect(!deadline.pass())
        try deadline.lift()
        #expect(!deadline.pass())
    }

    @Test("cannot be lifted when it has passed: the cluster's turn does not begin any more")
    func tooLate() {
        #expect(deadline.pass())
        let failure = #expect(throws: BuildFailure.self) { try deadline.lift() }
        #expect(failure?.fault == .cancelled)
        #expect(deadline.pass())
    }

    @Test("is lifted or passes, and never both, whoever comes first")
    func race() async {
        for _ in 1...500 {
            let deadline = BuildDeadline()
            async let lifted = (try? deadline.lift()) != nil
            async let passed = deadline.pass()
            #expect(await lifted != passed)
        }
    }

    @Test("breaks off what runs when it passes")
    func breaksOff() async throws {
        let failure = await #expect(throws: BuildFailure.self) {
            try await withDeadline(.milliseconds(1), counts: { deadline.pass() }, failure: late) {
                try await Task.sleep(for: .seconds(3600))
            }
        }
        #expect(failure == late)
    }

    @Test("lets what has been lifted out of it come to its own end")
    func lets() async throws {
        let asked = Mutex(false)
        try deadline.lift()
        let value = try await withDeadline(
            .milliseconds(1),
            counts: {
                defer { asked.withLock { $0 = true } }
                return deadline.pass()
            },
            failure: late
        ) {
            try await eventually("the time is over") { asked.withLock { $0 } }
            return 1
        }
        #expect(value == 1)
    }
}
