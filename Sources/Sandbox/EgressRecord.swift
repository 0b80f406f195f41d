internal import BuildModel
internal import Platform
internal import Synchronization

/// What went through a step's proxy, by destination.
final class EgressRecord: Sendable {
    private struct State {
        var counts = EgressCounts()
        var allowed = EgressTally()
        var refused = EgressTally()
    }

    private let state = Mutex(State())
    private let log: any BuildLog
    private let name: String
    private let mask: SecretMask

    /// - Parameters:
    ///   - name: stands before every line.
    ///   - secrets: are shown nowhere, though a step may ask for a host of such a name; names of hosts are in lower case here.
    init(_ log: any BuildLog, name: String, secrets: [Redacted<String>]) {
        self.log = log
        self.name = name
        mask = SecretMask(secrets, isLowerCase: true)
    }

    func allow(_ destination: String) {
        state.withLock { state in
            state.counts.allowed += 1
            state.allowed.connect(destination)
        }
    }

    /// - Parameter reason: completes "may not reach HOST: …".
    func refuse(_ destination: String, _ reason: String) {
        let isNew = state.withLock { state in
            state.counts.refused += 1
            return state.refused.connect(destination)
        }
        if isNew { log.say("\(name): refused a connection to \(mask.masked(destination)): \(reason)") }
    }

    /// - Returns: the step's bytes so far.
    func add(_ bytes: Int, isIncoming: Bool, of destination: String) -> Int64 {
        state.withLock { state in
            if isIncoming { state.counts.bytesIn += Int64(bytes) } else { state.counts.bytesOut += Int64(bytes) }
            state.allowed.add(Int64(bytes), of: destination)
            return state.counts.bytesIn + state.counts.bytesOut
        }
    }

    /// Counts, and the first few destinations that were refused.
    var summary: (EgressCounts, [String]) {
        state.withLock { ($0.counts, $0.refused.named.keys.sorted().prefix(5).map(mask.masked)) }
    }

    /// Says where the step was connected to, and what it tried more than once in vain.
    func tell() {
        let (allowed, refused) = state.withLock { ($0.allowed, $0.refused) }
        for (destination, use) in allowed.named.sorted(by: { $0.key < $1.key }) {
            tell("\(mask.masked(destination)), \(use.text), \(ByteSize.text(use.bytes))")
        }
        if let rest = allowed.rest { tell("\(rest.destinations), \(rest.use.text), \(ByteSize.text(rest.use.bytes))") }
        for (destination, use) in refused.named.sorted(by: { $0.key < $1.key }) where use.connections > 1 {
            tell("\(mask.masked(destination)), \(use.text) refused")
        }
        if let rest = refused.rest { tell("\(rest.destinations), \(rest.use.text) refused") }
    }

    private func tell(_ text: String) { log.say("\(name): network: \(text)") }
}

/// Connections by destination. Of a step that asks for very many, the first are named and the others counted: nothing that a step does
/// takes more than a little memory.
struct EgressTally: Sendable {
    struct Use: Sendable {
        var connections = 0
        var bytes: Int64 = 0

        var text: String { connections == 1 ? "1 connection" : "\(connections) connections" }
    }

    /// Destinations that are told by name.
    static let mostNamed = 200
    /// Destinations that are told apart beside those.
    static let mostCounted = 20_000

    private(set) var named: [String: Use] = [:]
    private var others = Use()
    private var hashes: Set<Int> = []

    /// - Returns: whether it is to be named for the first time.
    @discardableResult
    mutating func connect(_ destination: String) -> Bool {
        let isNew = named[destination] == nil
        guard !isNew || named.count < Self.mostNamed else {
            others.connections += 1
            if hashes.count < Self.mostCounted { hashes.insert(destination.hashValue) }
            return false
        }
        named[destination, default: Use()].connections += 1
        return isNew
    }

    mutating func add(_ bytes: Int64, of destination: String) {
        if named[destination] == nil { others.bytes += bytes } else { named[destination]?.bytes += bytes }
    }

    /// What came after those with names, such as `5 more destinations`; nil if there is none.
    var rest: (destinations: String, use: Use)? {
        guard others.connections > 0 else { return nil }
        let count = hashes.count == Self.mostCounted ? "at least \(hashes.count)" : "\(hashes.count)"
        return ("\(count) more destination\(hashes.count == 1 ? "" : "s")", others)
    }
}
