import BuildModel

/// What a farm has told about one build, and what is wrong with it.
///
/// The rules: a build is queued first, has exactly one end, and that is the last thing told of it; epochs only grow; nothing is
/// told of an epoch that was given up, but that a build which waits was cancelled; log entries are numbered in order, and their attempts never go back.
struct History: Sendable {
    /// One entry of the build's event stream.
    struct Event: Sendable {
        var type: String
        var state: String
        var epoch: Int64
        var worker = ""
        /// Milliseconds since 1970 by the server's clock.
        var time: Int64 = 0
        var code = ""

        /// Whether it is the end of a build that somebody did not want any more.
        var isCancelled: Bool { type == "finished" && ["cancelled", "superseded"].contains(code) }
    }

    var id: String
    var events: [Event]
    /// The attempt of every log entry, in order.
    var logAttempts: [Int64]

    /// Every broken rule, in words.
    var violations: [String] {
        (endViolations + epochViolations + logViolations).map { "\(id): \($0)" }
    }

    var epochs: [Int64] { events.filter { $0.type == "claimed" }.map(\.epoch) }

    private var endViolations: [String] {
        let ends = events.indices.filter { events[$0].type == "finished" }
        var found: [String] = []
        if events.first?.type != "queued" { found.append("was not queued first") }
        if events.count(where: { $0.type == "queued" }) != 1 { found.append("was queued more than once") }
        if ends.count != 1 { found.append("has \(ends.count) ends") }
        if let end = ends.first, end != events.indices.last { found.append("went on after its end") }
        if ends.contains(where: { BuildState(rawValue: events[$0].state)?.isTerminal != true }) {
            found.append("ended in no terminal state")
        }
        return found
    }

    private var epochViolations: [String] {
        var held: Int64?
        var last: Int64 = 0
        var found: [String] = []
        for event in events {
            switch event.type {
            case "queued", "cancelling": continue
            case "claimed":
                if held != nil { found.append("was claimed at epoch \(event.epoch) while epoch \(last) had it") }
                if event.epoch <= last { found.append("epoch \(event.epoch) came after \(last)") }
                (held, last) = (event.epoch, event.epoch)
            default:
                if held != event.epoch, held != nil || !event.isCancelled {
                    found.append("\(event.type) by epoch \(event.epoch), which did not have it")
                }
                if event.type != "phase" { held = nil }
            }
        }
        return found
    }

    private var logViolations: [String] {
        zip(logAttempts, logAttempts.dropFirst()).contains { $0 > $1 } ? ["an older attempt wrote into the log"] : []
    }
}

extension History {
    /// Reads what the farm has stored of a build.
    static func read(_ id: String, _ farm: Farm) async throws -> History {
        let events = try await farm.entries("slipway:{farm}:events:\(id)").map { fields in
            Event(
                type: fields["type"] ?? "",
                state: fields["state"] ?? "",
                epoch: Int64(fields["epoch"] ?? "") ?? 0,
                worker: fields["worker"] ?? "",
                time: Int64(fields["time"] ?? "") ?? 0,
                code: fields["code"] ?? ""
            )
        }
        let log = try await farm.entries("slipway:{farm}:log:\(id)").map { Int64($0["attempt"] ?? "") ?? 0 }
        return History(id: id, events: events, logAttempts: log)
    }
}
