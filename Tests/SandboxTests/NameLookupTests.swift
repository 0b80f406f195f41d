import BuildModel
import Dispatch
import Platform
import Testing

@testable import Sandbox

@Suite("Names that a step asks for")
struct NameLookupTests {
    /// A resolver that answers for one name alone until the test ends.
    private final class Stuck: Sendable {
        let end = DispatchSemaphore(value: 0)

        var lookups: NameLookups {
            NameLookups { [end] host, port in
                if host != "quick" { end.wait() }
                return NetworkAddress.resolve("127.0.0.1", port: port)
            }
        }

        func release() { for _ in 0..<8 { end.signal() } }
    }

    @Test("are given up when the resolver takes too long, and other steps do not wait")
    func late() async throws {
        let stuck = Stuck()
        defer { stuck.release() }
        let lookups = stuck.lookups
        for name in ["one", "two", "quick"] {
            let failure = await #expect(throws: BuildFailure.self) {
                _ = try await lookups.addresses(of: name, port: 80, limit: .milliseconds(50))
            }
            #expect(failure?.fault == .timedOut, "\(name)")
        }
        #expect(try await stuck.lookups.addresses(of: "quick", port: 80).map(\.text) == ["127.0.0.1"])
    }

    @Test("do not hold up a step that is ended")
    func cancelled() async throws {
        let stuck = Stuck()
        defer { stuck.release() }
        let lookups = stuck.lookups
        let start = ContinuousClock.now
        let task = Task { try await lookups.addresses(of: "one", port: 80, limit: .seconds(3600)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(ContinuousClock.now - start < .seconds(60))
    }
}
