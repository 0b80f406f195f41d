import Testing

@Suite("The history checker")
struct HistoryTests {
    private func history(_ words: String, log: [Int64] = []) -> History {
        let events = words.split(separator: " ").map { word in
            let parts = word.split(separator: ":").map(String.init)
            let state = parts[0] == "finished" ? "SUCCESS" : "BUILDING"
            let epoch = parts.count > 1 ? Int64(parts[1]) ?? 0 : 0
            return History.Event(type: parts[0], state: state, epoch: epoch, code: parts.count > 2 ? parts[2] : "")
        }
        return History(id: "d1", events: events, logAttempts: log)
    }

    @Test(
        "accepts what may happen",
        arguments: [
            "queued claimed:1 phase:1 phase:1 finished:1", "queued claimed:1 given_back:1 claimed:4 finished:4",
            "queued claimed:1 recovered:1 claimed:2 phase:2 retrying:2 claimed:9 cancelling:9 finished:9",
            "queued finished:0:cancelled", "queued claimed:1 retrying:1 finished:1:superseded",
            "queued claimed:1 cancelling:1 finished:1:cancelled",
        ]
    )
    func accepts(words: String) {
        #expect(history(words, log: [1, 1, 2]).violations == [])
    }

    @Test(
        "names what must not happen",
        arguments: [
            ("queued claimed:1", "has 0 ends"), ("queued claimed:1 finished:1 finished:1", "has 2 ends"),
            ("queued claimed:1 finished:1 phase:1", "went on after its end"),
            ("queued claimed:1 claimed:2 finished:2", "while epoch 1 had it"),
            ("queued claimed:2 recovered:2 claimed:1 finished:1", "epoch 1 came after 2"),
            ("queued claimed:1 recovered:1 phase:1 claimed:2 finished:2", "phase by epoch 1"),
            ("queued claimed:1 recovered:1 claimed:2 finished:1", "finished by epoch 1"),
            ("queued finished:0", "finished by epoch 0"),
            ("queued claimed:2 finished:1:cancelled", "finished by epoch 1"),
            ("queued queued claimed:1 finished:1", "queued more than once"), ("", "not queued first"),
        ]
    )
    func refuses(words: String, reason: String) {
        #expect(history(words).violations.contains { $0.contains(reason) })
    }

    @Test("sees an older attempt in the log")
    func log() {
        #expect(history("queued claimed:1 finished:1", log: [1, 2, 1]).violations.count == 1)
    }
}
