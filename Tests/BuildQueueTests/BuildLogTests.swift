import BuildModel
import TestSupport
import Testing

@testable import BuildQueue

@Suite("A build's log")
struct BuildLogTests {
    @Test("numbers its lines from 1 and resumes at any of them")
    func resume() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        let receipt = try await worker.appendLog(lease, from: 1, lines("a", "b", "c"))
        #expect(receipt == LogReceipt(taken: 3, sequence: 3, dropped: 0))
        try await worker.appendLog(lease, from: 4, lines("d"))
        #expect(try await farm.texts("d1") == ["a", "b", "c", "d"])
        #expect(try await farm.texts("d1", from: 3) == ["c", "d"])
        #expect(try await farm.texts("d1", from: 5).isEmpty)
        let key = "slipway:{farm}:log:d1"
        #expect(try await farm.server.cli("XRANGE", key, "2", "2").first == "2-0")
    }

    @Test("takes lines once when a call whose reply was lost is repeated")
    func repeated() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        try await worker.appendLog(lease, from: 1, lines("a", "b"))
        try await worker.appendLog(lease, from: 1, lines("a", "b", "c"))
        #expect(try await farm.texts("d1") == ["a", "b", "c"])
    }

    @Test("says so when lines were lost on the way")
    func lostBefore() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        try await worker.appendLog(lease, from: 1, lines("a"))
        try await worker.appendLog(lease, from: 5, lines("e"))
        #expect(try await farm.texts("d1") == ["a", "3 lines were lost before they were stored.", "e"])
    }

    @Test("goes on in the next attempt")
    func attempts() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let first = try await farm.claimed("d1", by: worker)
        try await worker.appendLog(first, from: 1, lines("first"))
        try await worker.giveBack(first)
        let second = try #require(try await worker.claim())
        try await worker.appendLog(second, from: 1, lines("second"))
        #expect(try await farm.texts("d1") == ["first", "second"])
    }

    @Test("keeps any text whole", arguments: ["", "ünï – 漢字 🚀", "a\u{0}b", "\u{1b}[31mred\u{7}", "a\r\tb", "-0", "*"])
    func anyText(text: String) async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        try await worker.appendLog(lease, from: 1, lines(text))
        #expect(try await farm.texts("d1") == [text])
    }

    @Test("cuts a huge line at a whole character and says how much is missing")
    func hugeLine() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        try await worker.appendLog(lease, from: 1, lines(String(repeating: "漢", count: 1_000_000), "next"))
        let texts = try await farm.texts("d1")
        #expect(texts.count == 2)
        #expect(texts.first?.hasPrefix(String(repeating: "漢", count: 5461) + " … (2983617 more bytes") == true)
        #expect(texts.last == "next")
    }

    @Test("keeps its head and its tail when it is over its limit, and shows the gap")
    func limits() async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.logLimits = LogLimits(headLines: 10, tailLines: 5) }
        let lease = try await farm.claimed("d1", by: worker)
        let all = (1...3000).map { LogLine(stream: .stderr, phase: nil, text: "\($0)", time: 1) }
        let receipt = try await worker.appendLog(lease, from: 1, all)
        #expect(receipt == LogReceipt(taken: 3000, sequence: 3001, dropped: 2985))
        var entries: [LogEntry] = []
        for try await entry in try await farm.client.logs("d1") { entries.append(entry) }
        #expect(entries.map(\.sequence) == Array(1...11) + Array(2997...3001))
        #expect(entries.map(\.missing).filter { $0 > 0 } == [2985])
        #expect(entries[10].line.text.contains("over its limit"))
        #expect(entries.last?.line.text == "3000")
        #expect(try await farm.status("d1").logDropped == 2985)
    }

    @Test("keeps within its bytes")
    func byteLimits() async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.logLimits = LogLimits(headBytes: 1000, tailBytes: 500) }
        let lease = try await farm.claimed("d1", by: worker)
        let line = String(repeating: "x", count: 100)
        for number in 0..<50 { try await worker.appendLog(lease, from: Int64(number) + 1, lines(line)) }
        let texts = try await farm.texts("d1")
        #expect(texts.count == 16)
        #expect(texts.filter { $0 == line }.count == 15)
    }

    @Test("is followed until the build ends")
    func follow() async throws {
        // The end wakes the reader; it does not wait for its block of ten seconds to run out. A busy machine has more than one try.
        var best = Duration.seconds(60)
        for _ in 0..<3 where best >= .seconds(8) { best = min(best, try await timeToHearOfEnd()) }
        #expect(best < .seconds(8))
    }

    private func timeToHearOfEnd() async throws -> Duration {
        let farm = try await Farm()
        let worker = try farm.worker()
        let lease = try await farm.claimed("d1", by: worker)
        try await worker.appendLog(lease, from: 1, lines("a"))
        async let followed = farm.texts("d1", from: 1, follow: true)
        for (number, text) in ["b", "c", "d"].enumerated() {
            try await eventually("the reader waits in the server") {
                try await farm.server.cli("INFO", "clients").contains { $0.hasPrefix("blocked_clients:1") }
            }
            try await worker.appendLog(lease, from: Int64(number) + 2, lines(text))
        }
        try await worker.finish(lease, .succeeded(BuildResult()))
        let started = ContinuousClock.now
        #expect(try await followed == ["a", "b", "c", "d"])
        return ContinuousClock.now - started
    }

    @Test("of an unknown build is an error that names it")
    func unknown() async throws {
        let farm = try await Farm()
        let failure = await #expect(throws: BuildFailure.self) { try await farm.texts("nobody", follow: true) }
        #expect(failure?.code == .notFound)
        #expect(failure?.message.contains("nobody") == true)
    }
}
