import BuildModel
import TestSupport

/// What became of a run: every build's history, every tag that the registry was told to write, and what is wrong with them.
struct ChaosReport: Sendable {
    var histories: [History]
    var writes: [TagWrite]
    var harm: [String: Int]
    /// When primaries changed, in milliseconds since 1970.
    var failovers: [Int64]

    static func read(
        _ ids: [String],
        _ farm: Farm,
        _ harm: [String: Int],
        failovers: [Int64]
    ) async throws -> ChaosReport {
        var histories: [History] = []
        for id in ids { histories.append(try await History.read(id, farm)) }
        return ChaosReport(histories: histories, writes: farm.registry.tagWrites, harm: harm, failovers: failovers)
    }

    var states: [String: Int] {
        Dictionary(histories.map { ($0.events.last?.state ?? "nothing", 1) }, uniquingKeysWith: +)
    }

    private var ended: Int { histories.count { $0.events.contains { $0.type == "finished" } } }
    private var epochs: [Int64] { histories.flatMap(\.epochs) }
    private var doubled: Int {
        histories.count { $0.events.count { $0.type == "finished" } > 1 } + epochs.count - Set(epochs).count
    }

    /// Tags that were written by a worker whose lease had been given up, or that never had one.
    var staleWrites: [String] {
        let byID = Dictionary(uniqueKeysWithValues: histories.map { ($0.id, $0) })
        return writes.filter { byID[$0.tag]?.covers($0, failovers: failovers) != true }
            .map { "\($0.tag): \($0.worker) wrote the tag at \($0.began) without a lease" }
    }

    /// Tags that were written more than once under one lease.
    var repeatedWrites: [String] {
        let byTag = Dictionary(grouping: writes, by: \.tag)
        return histories.flatMap { $0.repeats(in: byTag[$0.id] ?? []) }
    }

    /// Everything that is wrong, in words.
    var violations: [String] {
        histories.flatMap(\.violations) + staleWrites + repeatedWrites
            + (Set(epochs).count == epochs.count ? [] : ["an epoch was given twice"])
    }

    var text: String {
        let harm = harm.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let states = states.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let lost = histories.count - ended
        return """
            chaos: \(states); \(epochs.count) attempts, \(writes.count) tags written
            chaos: \(histories.count) jobs accepted = \(ended) jobs ended, \(lost) lost, \(doubled) doubled, \
            \(staleWrites.count) stale effects, \(violations.count) violations; \(harm)
            """
    }
}

extension History {
    /// The claims during which their workers wrote the build's tag more than once.
    func repeats(in writes: [TagWrite]) -> [String] {
        events.indices.filter { events[$0].type == "claimed" }.compactMap { index in
            let claim = events[index]
            let end = events[(index + 1)...].first { $0.type == "claimed" }?.time ?? .max
            let count = writes.count { $0.worker == claim.worker && $0.began >= claim.time && $0.ended <= end }
            return count > 1 ? "\(id): epoch \(claim.epoch) wrote its tag \(count) times" : nil
        }
    }

    /// Whether a tag was written by a worker while it had the build.
    ///
    /// A replica that takes over may not have the last claims of the old primary: around a failover a write may be the work of
    /// a claim that no history tells of any more.
    func covers(_ write: TagWrite, failovers: [Int64]) -> Bool {
        for (index, event) in events.enumerated() where event.type == "claimed" && event.worker == write.worker {
            let end = events[(index + 1)...].first { $0.type != "phase" && $0.type != "cancelling" }
            if event.time <= write.ended, (end?.time ?? .max) >= write.began { return true }
        }
        return failovers.contains { abs($0 - write.began) < 12_000 }
    }
}
