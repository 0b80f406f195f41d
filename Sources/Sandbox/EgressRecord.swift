internal import BuildModel
internal import Synchronization

/// What went through a step's proxy, by destination.
final class EgressRecord: Sendable {
    private struct State {
        var counts = EgressCounts()
        var allowed: [String: (connections: Int, bytes: Int64)] = [:]
        var refused: [String: Int] = [:]
    }

    private let state = Mutex(State())
    private let log: any BuildLog
    private let name: String

    /// Destinations of one step that are told apart; a step that asks for more is looking for something.
    private static let mostDestinations = 200

    init(_ log: any BuildLog, name: String) {
        self.log = log
        self.name = name
    }

    func allow(_ destination: String) {
        state.withLock { state in
            state.counts.allowed += 1
            guard state.allowed[destination] != nil || state.allowed.count < Self.mostDestinations else { return }
            state.allowed[destination, default: (0, 0)].connections += 1
        }
    }

    /// - Parameter reason: completes "may not reach HOST: …".
    func refuse(_ destination: String, _ reason: String) {
        let isNew = state.withLock { state in
            state.counts.refused += 1
            let isNew = state.refused[destination] == nil && state.refused.count < Self.mostDestinations
            if isNew || state.refused[destination] != nil { state.refused[destination, default: 0] += 1 }
            return isNew
        }
        if isNew { log.say("\(name): refused a connection to \(destination): \(reason)") }
    }

    /// - Returns: the step's bytes so far.
    func add(_ bytes: Int, isIncoming: Bool, of destination: String) -> Int64 {
        state.withLock { state in
            if isIncoming { state.counts.bytesIn += Int64(bytes) } else { state.counts.bytesOut += Int64(bytes) }
            state.allowed[destination]?.bytes += Int64(bytes)
            return state.counts.bytesIn + state.counts.bytesOut
        }
    }

    /// Counts, and the first few destinations that were refused.
    var summary: (EgressCounts, [String]) {
        state.withLock { ($0.counts, Array($0.refused.keys.sorted().prefix(5))) }
    }

    /// Says where the step was connected to.
    func tell() {
        for (destination, use) in state.withLock({ $0.allowed }).sorted(by: { $0.key < $1.key }) {
            let connections = use.connections == 1 ? "1 connection" : "\(use.connections) connections"
            log.say("\(name): network: \(destination), \(connections), \(ByteSize.text(use.bytes))")
        }
    }
}
