import BuildModel
import Dispatch
import Glibc
import Platform
import Synchronization
import TestSupport
import Testing

@Suite("Time limits")
struct WithDeadlineTests {
    private let failure = BuildFailure.timedOut(operation: "t", message: "too slow")

    @Test("a body that is in time returns its value")
    func inTime() async throws {
        let value = try await withDeadline(.seconds(60), failure: failure) { 7 }
        #expect(value == 7)
    }

    @Test("a body that is late is cancelled, and the error is a timeout, not a cancellation")
    func late() async {
        let failure = await #expect(throws: BuildFailure.self) {
            try await withDeadline(.milliseconds(20), failure: self.failure) {
                try await Task.sleep(for: .seconds(600))
            }
        }
        #expect(failure?.fault == .timedOut)
    }

    @Test("a cancellation from outside stays a cancellation")
    func cancelled() async {
        let failure = failure
        let task = Task {
            try await withDeadline(.seconds(600), failure: failure) { try await Task.sleep(for: .seconds(600)) }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

/// How many bodies run now, and how many did at most.
private final class Occupancy: Sendable {
    private let state = Mutex((running: 0, most: 0))

    var most: Int { state.withLock { $0.most } }

    func enter() { state.withLock { $0 = ($0.running + 1, max($0.most, $0.running + 1)) } }
    func leave() { state.withLock { $0.running -= 1 } }
}

@Suite("The blocking pool")
struct BlockingPoolTests {
    @Test("runs everything that is submitted, never more at once than its width")
    func bound() async throws {
        let pool = BlockingPool(label: "test", width: 3)
        let occupancy = Occupancy()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<50 {
                group.addTask {
                    try await pool.run {
                        occupancy.enter()
                        defer { occupancy.leave() }
                        return number
                    }
                }
            }
            let sum = try await group.reduce(0, +)
            #expect(sum == 1225)
        }
        #expect((1...3).contains(occupancy.most))
    }

    @Test("uses its whole width at once, while all threads of another one wait, and async code goes on")
    func threads() async throws {
        let (other, pool) = (BlockingPool(label: "waiting", width: 24), BlockingPool(label: "test", width: 24))
        let released = DispatchSemaphore(value: 0)
        for _ in 0..<24 { other.submit { released.wait() } }
        defer { for _ in 0..<24 { released.signal() } }
        let occupancy = Occupancy()
        let begin = ContinuousClock.now
        // Each waits until all are there.
        for _ in 0..<24 {
            pool.submit {
                occupancy.enter()
                while occupancy.most < 24, ContinuousClock.now < begin + .seconds(60) { usleep(1000) }
            }
        }
        try await eventually("all 24 run at once") { occupancy.most == 24 }
        // Whoever waits here does so among other tests, which may keep all processors busy for long.
        #expect(ContinuousClock.now - begin < .seconds(55))
    }

    @Test("hands on what the work throws")
    func errors() async {
        let pool = BlockingPool(label: "test", width: 1)
        await #expect(throws: CommandFailed.self) { try await pool.run { throw CommandFailed(description: "x") } }
    }
}

@Suite("A secret")
struct RedactedTests {
    @Test("does not show itself when printed, interpolated, dumped or reflected")
    func hidden() {
        let secret = Redacted("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped, "\([secret])"] {
            #expect(!text.contains("hunter2"), "\(text)")
        }
    }
}

@Suite("Timestamps")
struct TimestampTests {
    @Test(
        "are RFC 3339 in UTC",
        arguments: [
            (Int64(0), "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"),
            (1_795_420_800, "2026-11-23T08:00:00Z"), (4_102_444_799, "2099-12-31T23:59:59Z"),
            (-62_135_596_800, "0001-01-01T00:00:00Z"), (.max, "292277026596-12-04T15:30:07Z"),
            (.min, "-292277022657-01-27T08:29:52Z"),
        ]
    )
    func text(seconds: Int64, expected: String) {
        #expect(Timestamp.text(seconds: seconds) == expected)
    }

    @Test("have milliseconds, for every number")
    func milliseconds() {
        #expect(Timestamp.text(milliseconds: -1) == "1969-12-31T23:59:59.999Z")
        #expect(Timestamp.text(milliseconds: 1500) == "1970-01-01T00:00:01.500Z")
        #expect(Timestamp.text(milliseconds: .min).hasSuffix(".192Z"))
    }

    @Test(
        "are read with any offset and fraction",
        arguments: [
            ("1970-01-01T00:00:00Z", Int64(0)), ("2000-02-29T00:00:00.5Z", 951_782_400),
            ("2026-11-23T10:00:00+02:00", 1_795_420_800), ("2026-11-23T02:29:59.999999-05:30", 1_795_420_799),
            ("2026-11-23t08:00:00z", 1_795_420_800), ("1969-12-31T23:59:59Z", -1),
            ("0001-01-01T00:00:00Z", -62_135_596_800),
        ]
    )
    func parsed(text: String, seconds: Int64) {
        #expect(Timestamp.seconds(parsing: text) == seconds)
    }

    @Test(
        "that are none are not guessed at",
        arguments: [
            "", "2026-11-23", "2026-11-23T08:00:00", "2026-11-23T08:00:00.Z", "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T08:00:00+2:00", "2026-11-23T08:00:00Zx",
            "2026-11-23T08:00:00+24:00", "+026-11-23T08:00:00Z", "２026-11-23T08:00:00Z",
        ]
    )
    func notParsed(text: String) {
        #expect(Timestamp.seconds(parsing: text) == nil)
    }

    @Test("are read as they were written, on any day")
    func roundTrip() {
        for seconds in stride(from: Int64(-62_135_596_800), through: 250_000_000_000, by: 7_777_777) {
            #expect(Timestamp.seconds(parsing: Timestamp.text(seconds: seconds)) == seconds)
        }
    }

    @Test("agree with date(1) on any day")
    func date() async throws {
        for seconds in stride(from: Int64(-3_000_000_000), through: 6_000_000_000, by: 777_777_777) {
            let expected = try await Command.output(["date", "-u", "-d", "@\(seconds)", "+%Y-%m-%dT%H:%M:%SZ"]).lines[0]
            #expect(Timestamp.text(seconds: seconds) == expected)
        }
    }
}
