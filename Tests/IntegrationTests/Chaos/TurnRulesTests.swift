import Testing

/// The checker itself: what it must refuse, made up. Times are milliseconds, places the order of arrival.
@Suite("The checker of turns")
struct TurnRulesTests {
    /// - Parameter words: such as `queued:0 claimed:5 finished:9:superseded`.
    private func history(_ id: String, _ words: String) -> History {
        let events = words.split(separator: " ").map { word in
            let parts = word.split(separator: ":").map(String.init)
            let time = parts.count > 1 ? Int64(parts[1]) ?? 0 : 0
            return History.Event(type: parts[0], state: "", epoch: 1, time: time, code: parts.count > 2 ? parts[2] : "")
        }
        return History(id: id, events: events, logAttempts: [])
    }

    private func violations(_ builds: [(turn: Turn, words: String)]) -> [String] {
        let names = builds.indices.map { "d\($0)" }
        let turns = zip(names, builds.enumerated()).map { name, entry in
            var turn = entry.element.turn
            turn.order = Int64(entry.offset + 1) * 1000
            return (name, turn)
        }
        let histories = zip(names, builds).map { history($0, $1.words) }
        return TurnRules(histories: histories, turns: Dictionary(uniqueKeysWithValues: turns)).violations
    }

    @Test("accepts what comes in its turn")
    func accepts() {
        let found = violations([
            (Turn(tenant: "t"), "queued:0 claimed:10 retrying:20 claimed:90 finished:99"),
            (Turn(tenant: "t", priority: 1), "queued:0 claimed:5 recovered:11 claimed:12 finished:14"),
            (Turn(tenant: "t", delay: 50), "queued:0 claimed:60 finished:70"),
            (Turn(tenant: "t"), "queued:1 claimed:30 finished:40"),
            (Turn(tenant: "u"), "queued:1 claimed:8 finished:9"),
            (Turn(tenant: "t", priority: 9, deploys: true), "queued:0 claimed:80 finished:90"),
            (Turn(tenant: "t", line: "l"), "queued:0 claimed:45 cancelling:61 finished:65:superseded"),
            (Turn(tenant: "t", line: "l"), "queued:61 claimed:66 finished:67"),
        ])
        #expect(found == [])
    }

    @Test("refuses a build that overtakes another one of its tenant")
    func places() {
        let first = (Turn(tenant: "t"), "queued:0 claimed:20 finished:30")
        #expect(violations([first, (Turn(tenant: "t"), "queued:1 claimed:10 finished:15")]).count == 1)
        #expect(violations([(Turn(tenant: "t"), "queued:1 claimed:10 finished:15"), first]) == [])
        // One that was given back has its old place again.
        let back = (Turn(tenant: "t"), "queued:0 claimed:1 given_back:5 claimed:20 finished:30")
        #expect(violations([back, (Turn(tenant: "t"), "queued:1 claimed:10 finished:15")]).count == 1)
        let hurried = (Turn(tenant: "t", priority: 1), "queued:0 claimed:20 finished:30")
        #expect(violations([(Turn(tenant: "t"), "queued:0 claimed:10 finished:15"), hurried]).count == 1)
    }

    @Test("refuses a build that begins before its time")
    func delays() {
        #expect(violations([(Turn(tenant: "t", delay: 50), "queued:0 claimed:49 finished:60")]).count == 1)
    }

    @Test(
        "refuses a build that goes on after a newer one has taken its place, and one that is superseded by nothing",
        arguments: [
            ("queued:0 claimed:5 recovered:20 claimed:31 finished:40:superseded", "queued:10 claimed:33 finished:40"),
            ("queued:0 claimed:5 finished:6", "queued:10 finished:40:superseded"),
        ]
    )
    func lines(older: String, newer: String) {
        let found = violations([(Turn(tenant: "t", line: "l"), older), (Turn(tenant: "t", line: "l"), newer)])
        #expect(found.count == 1, "\(found)")
        #expect(violations([(Turn(tenant: "t"), "queued:0 finished:6:superseded")]).count == 1)
    }
}
