import BuildModel
import Testing

@Suite("A failure")
struct BuildFailureTests {
    private struct Odd: Error {}

    @Test("stays itself when it is wrapped")
    func identity() {
        let failure = BuildFailure(.code, .notFound, operation: "a", message: "b", isRetryable: true)
        #expect(BuildFailure(failure, operation: "other") == failure)
    }

    @Test("tells a cancellation from any other error")
    func cancellation() {
        #expect(BuildFailure(CancellationError(), operation: "a").fault == .cancelled)
        let odd = BuildFailure(Odd(), operation: "a.b")
        #expect(odd.fault == .platform)
        #expect(odd.code == .internal)
        #expect(odd.cause == "Odd()")
    }

    @Test("prints its message with its cause")
    func description() {
        var failure = BuildFailure.timedOut(operation: "x", message: "Too slow.")
        #expect(failure.description == "Too slow.")
        #expect(failure.isRetryable)
        failure.cause = "no answer"
        #expect(failure.description == "Too slow. (no answer)")
    }
}
