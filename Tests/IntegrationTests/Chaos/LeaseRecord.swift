/// When each epoch had its lease, by Redis' clock, from every end of a lease that was seen or told of. A lease that ran out may be
/// renewed later; in between nobody had it.
struct LeaseRecord: Sendable {
    /// Of a lease, in milliseconds.
    let length: Int64
    private var ends: [Int64: Set<Int64>] = [:]

    init(length: Int64) { self.length = length }

    /// Notes that Redis has given, or lengthened, an epoch's lease until a time: it did so a lease's length before.
    mutating func note(_ epoch: Int64, until end: Int64) { ends[epoch, default: []].insert(end) }

    /// Whether an epoch had its lease at any moment of a span of time.
    func holds(_ epoch: Int64, from began: Int64, to ended: Int64) -> Bool {
        ends[epoch, default: []].contains { $0 - length <= ended && $0 >= began }
    }
}
