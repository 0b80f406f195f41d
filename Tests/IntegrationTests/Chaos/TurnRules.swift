/// The order in which a farm began its builds, held to what was asked for.
///
/// The rules: nothing begins before its delay is over; a build does not begin again once a newer one of its line is known, and is
/// superseded only then; of a tenant's builds that deploy nothing, none begins while one waits that comes before it.
struct TurnRules: Sendable {
    let histories: [History]
    let turns: [String: Turn]

    /// Every broken rule, in words.
    var violations: [String] { delays + lines + places }

    /// Builds that a newer one has taken the place of.
    var superseded: Int { histories.count { $0.isSuperseded } }

    private var delays: [String] {
        histories.compactMap { history in
            guard let delay = turns[history.id]?.delay, let first = history.claims.first, let queued = history.queuedAt,
                first < queued + delay
            else { return nil }
            return "\(history.id): began \(first - queued) ms after it came, and was to wait \(delay)"
        }
    }

    private var lines: [String] {
        let lines = Dictionary(grouping: histories.filter { turns[$0.id]?.line != nil }) { history in
            turns[history.id].map { "\($0.tenant) \($0.line ?? "")" } ?? ""
        }
        let own = lines.values.flatMap { line in
            let ordered = line.sorted { turns[$0.id]?.order ?? 0 < turns[$1.id]?.order ?? 0 }
            return ordered.indices.compactMap { index in
                Self.violation(of: ordered[index], before: index + 1 < ordered.count ? ordered[index + 1] : nil)
            }
        }
        let strangers = histories.filter { $0.isSuperseded && turns[$0.id]?.line == nil }
        return own + strangers.map { "\($0.id): was superseded, and is of no line" }
    }

    private static func violation(of build: History, before newer: History?) -> String? {
        guard let newer, let time = newer.queuedAt else {
            return build.isSuperseded ? "\(build.id): was superseded by nothing" : nil
        }
        guard let late = build.claims.first(where: { $0 > time }) else { return nil }
        return "\(build.id): began \(late - time) ms after \(newer.id) had taken its place"
    }

    private var places: [String] {
        let free = histories.filter { turns[$0.id]?.deploys == false && turns[$0.id]?.order != 0 }
        let tenants = Dictionary(grouping: free) { turns[$0.id]?.tenant ?? "" }
        return tenants.values.flatMap { builds in
            builds.flatMap { build in build.claims.compactMap { overtaken(by: build, at: $0, among: builds) } }
        }
    }

    /// Says so if a build began while another one waited that comes before it. What happens in the same millisecond has any order.
    private func overtaken(by build: History, at time: Int64, among builds: [History]) -> String? {
        guard let own = turns[build.id] else { return nil }
        let other = builds.first { other in
            guard let turn = turns[other.id], turn.score < own.score else { return false }
            return other.waits(turn.delay).contains { $0.lowerBound < time && time < $0.upperBound }
        }
        return other.map { "\(build.id): began at \(time), while \($0.id) waited, which comes before it" }
    }
}

extension History {
    var isSuperseded: Bool { events.contains { $0.type == "finished" && $0.code == "superseded" } }

    var queuedAt: Int64? { events.first { $0.type == "queued" }?.time }

    /// When it began.
    var claims: [Int64] { events.filter { $0.type == "claimed" }.map(\.time) }

    /// While it waited and might have begun. How long it waits for another attempt after a failure is not told.
    ///
    /// - Parameter delay: milliseconds, before the first attempt.
    func waits(_ delay: Int64) -> [ClosedRange<Int64>] {
        events.indices.compactMap { index in
            let event = events[index]
            guard ["queued", "recovered", "given_back"].contains(event.type) else { return nil }
            let begin = event.time + (event.type == "queued" ? delay : 0)
            let end = events[(index + 1)...].first { ["claimed", "finished"].contains($0.type) }?.time ?? .max
            return begin <= end ? begin...end : nil
        }
    }
}
