import BuildModel
import TestSupport

/// What became of a run: every build's history, everything that was done for it and that others see, and what is wrong with them.
struct ChaosReport: Sendable {
    var histories: [History]
    var leases: LeaseRecord
    /// Beside what the histories tell: tags, Deployments and logs.
    var effects: [Effect]
    var harm: [String: Int]
    /// While primaries changed, in milliseconds since 1970.
    var failovers: [ClosedRange<Int64>]
    /// By build.
    var turns: [String: Turn] = [:]

    /// - Parameters:
    ///   - asked: the builds' ids, and what they were asked for with.
    ///   - effects: what the registry and the cluster have taken.
    static func read(
        _ asked: [(id: String, turn: Turn)],
        _ farm: Farm,
        _ watch: FarmWatch,
        _ effects: [Effect],
        _ nemesis: Nemesis
    ) async throws -> ChaosReport {
        var histories: [History] = []
        var turns: [String: Turn] = [:]
        for (id, turn) in asked {
            histories.append(try await History.read(id, farm))
            turns[id] = try await turn.placed(id, farm)
        }
        return ChaosReport(
            histories: histories,
            leases: await watch.leases,
            effects: await effects + watch.logs,
            harm: nemesis.counts,
            failovers: nemesis.failovers,
            turns: turns
        )
    }

    var states: [String: Int] {
        Dictionary(histories.map { ($0.events.last?.state ?? "nothing", 1) }, uniquingKeysWith: +)
    }

    func count(_ kind: Effect.Kind) -> Int { effects.count { $0.kind == kind } }

    var order: TurnRules { TurnRules(histories: histories, turns: turns) }

    private var ended: Int { histories.count { $0.events.contains { $0.type == "finished" } } }
    private var epochs: [Int64] { histories.flatMap(\.epochs) }
    private var doubled: Int {
        histories.count { $0.events.count { $0.type == "finished" } > 1 } + epochs.count - Set(epochs).count
    }

    /// What was done by a worker whose lease was over, or that never had one.
    ///
    /// A replica that takes over may not have the last claims and renewals of the old primary: from a failover on, and for a lease after
    /// it, an effect may be the work of a claim that nothing tells of any more. What Redis itself tells of statuses hangs together all
    /// the same.
    var staleEffects: [Effect] { unexplained.filter { !isExcused($0) } }

    private func isExcused(_ effect: Effect) -> Bool {
        effect.kind != .status
            && failovers.contains { $0.lowerBound <= effect.ended && effect.began <= $0.upperBound + leases.length }
    }

    private var unexplained: [Effect] {
        let byID = Dictionary(uniqueKeysWithValues: histories.map { ($0.id, $0) })
        var leases = leases
        for claim in histories.flatMap(\.events) where claim.type == "claimed" {
            leases.note(claim.epoch, until: claim.time + leases.length)
        }
        return (effects + histories.flatMap(\.statuses)).filter { effect in
            byID[effect.build]?.allows(effect, leases) != true
        }
    }

    /// Tags that were written more than once under one lease.
    var repeatedWrites: [String] {
        let byTag = Dictionary(grouping: effects.filter { $0.kind == .tag }, by: \.build)
        return histories.flatMap { $0.repeats(in: byTag[$0.id] ?? []) }
    }

    /// Everything that is wrong, in words.
    var violations: [String] {
        histories.flatMap(\.violations) + staleEffects.map(\.description) + repeatedWrites + order.violations
            + (Set(epochs).count == epochs.count ? [] : ["an epoch was given twice"])
    }

    var text: String {
        let harm = harm.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let states = states.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let lost = histories.count - ended
        return """
            chaos: \(states); \(epochs.count) attempts, \(count(.tag)) tags written, \
            \(count(.deployment)) Deployments applied, logs seen to grow \(count(.log)) times; \
            \(order.superseded) superseded; \(unexplained.count - staleEffects.count) effects near failovers that nothing tells of
            chaos: \(histories.count) jobs accepted = \(ended) jobs ended, \(lost) lost, \(doubled) doubled, \
            \(staleEffects.count) stale effects, \(violations.count) violations; \(harm)
            """
    }
}

extension History {
    /// The claims during which their workers wrote the build's tag more than once.
    func repeats(in writes: [Effect]) -> [String] {
        events.indices.filter { events[$0].type == "claimed" }.compactMap { index in
            let claim = events[index]
            let end = events[(index + 1)...].first { $0.type == "claimed" }?.time ?? .max
            let count = writes.count { $0.worker == claim.worker && $0.began >= claim.time && $0.ended <= end }
            return count > 1 ? "\(id): epoch \(claim.epoch) wrote its tag \(count) times" : nil
        }
    }
}
