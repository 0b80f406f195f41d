internal import BuildModel
internal import Platform
internal import Synchronization

/// The ways to hosts, for all requests of this process: how many may be under way, and until when none may begin.
///
/// A host that says that it is asked too much closes its gate for everybody, and is asked by one at a time afterwards; answers that come
/// let more in again, slowly. So many that are refused at once do not all come back at once.
final class HostGates: Sendable {
    /// How many requests of one kind are let in.
    private struct Lane {
        let widest: Int
        var width: Int
        /// Good answers since it has this width.
        var answers = 0

        init(_ widest: Int) { (self.widest, width) = (widest, widest) }

        mutating func narrow() { (width, answers) = (1, 0) }

        /// One more after as many good answers as there is room now: so the load grows by one in each round trip.
        mutating func widen() {
            answers += 1
            if width < widest, answers >= width { (width, answers) = (width + 1, 0) }
        }
    }

    private struct Gate {
        var small = Lane(HostGates.widest)
        var bulk = Lane(HostGates.bulkWidth)
        var opening: Deadline?
        /// Refusals in a row.
        var refusals = 0
        /// When what it says is too long ago.
        var end: Deadline?

        /// Whether it says nothing that a new one would not.
        var isWide: Bool { refusals == 0 && small.width == small.widest && bulk.width == bulk.widest }
    }

    /// Small requests at once. Bodies of blobs have slots of their own, so that none of these ever waits for one.
    static let widest = 8
    /// Bodies of blobs at once.
    static let bulkWidth = 4
    private let bulk = KeyedSlots<String>(width: bulkWidth)
    private let slots = KeyedSlots<String>(width: widest)
    private let gates = Mutex<[String: Gate]>([:])
    private let memory: Duration

    /// - Parameter memory: how long after its gate has opened again a host is known to have asked for patience, if nothing comes of it.
    init(memory: Duration = .seconds(600)) { self.memory = memory }

    /// Hosts of which something is remembered: those that asked for patience, until all may come in again, or not for long.
    var count: Int { gates.withLock { $0.count } }

    /// Runs `body` when there is room and the gate is open.
    ///
    /// - Parameters:
    ///   - host: the one that is connected to: `HTTPURL.place`.
    ///   - isBulk: whether a blob's bytes go or come with it.
    ///   - body: one round trip. It must not pass a gate itself, or two could wait for each other.
    /// - Throws: `BuildFailure` with code `cancelled`, or what `body` throws.
    func pass<Value: Sendable>(
        _ host: String,
        isBulk: Bool,
        _ body: () async throws -> Value
    ) async throws -> Value {
        let lane = isBulk ? bulk : slots
        while true {
            let done: Value? = try await lane.withSlot(host) {
                try await waitUntilOpen(host)
                // Those whom the gate was closed before do not all come in when it opens: it has become narrower.
                if lane.isOverfull(host) { return nil }
                return try await body()
            }
            if let done { return done }
        }
    }

    /// Closes a gate: the host asked for patience.
    ///
    /// - Parameters:
    ///   - asked: how long it wants; nil if it did not say.
    ///   - first: the longest wait after a first refusal; doubled with each in a row.
    func close(_ host: String, for asked: Duration?, first: Duration) {
        gates.withLock { gates in
            var gate = gates[host] ?? Gate()
            gate.refusals += 1
            gate.small.narrow()
            gate.bulk.narrow()
            // A time that has passed already, by our clock or by theirs, is no reason to ask again at once.
            let ours = Retry.delay(after: asked == nil ? gate.refusals : 1, first: first)
            // Beside the time that is asked for a part of it by chance: other nodes were asked for the same.
            let spread = (asked ?? .zero) * Double.random(in: 0...0.1)
            let opening = Deadline(after: max(asked ?? .zero, ours) + spread)
            // Those that were refused together wait once, for the longest of their times.
            if opening.remaining > gate.opening?.remaining ?? .zero { gate.opening = opening }
            gate.end = Deadline(after: (gate.opening?.remaining ?? .zero) + memory)
            for (other, old) in gates where other != host && old.end?.hasPassed == true {
                gates[other] = nil
                setWidths(other, Gate())
            }
            gates[host] = gate
            setWidths(host, gate)
        }
    }

    /// The host answered and did not ask for patience.
    func widen(_ host: String, isBulk: Bool) {
        gates.withLock { gates in
            // Who was let in before the gate closed does not open it.
            guard var gate = gates[host], gate.opening?.hasPassed != false else { return }
            gate.refusals = 0
            gate.end = Deadline(after: memory)
            if isBulk { gate.bulk.widen() } else { gate.small.widen() }
            gates[host] = gate.isWide ? nil : gate
            setWidths(host, gate)
        }
    }

    private func setWidths(_ host: String, _ gate: Gate) {
        slots.setWidth(gate.small.width, for: host)
        bulk.setWidth(gate.bulk.width, for: host)
    }

    /// Waits until a host may be asked again. Only in a slot: whoever is refused then lines up behind all others, and so has patience.
    private func waitUntilOpen(_ host: String) async throws {
        while let opening = gates.withLock({ $0[host]?.opening }), !opening.hasPassed {
            try await RegistrySession.sleep(opening.remaining + .milliseconds(Int64.random(in: 0...50)))
        }
    }
}
