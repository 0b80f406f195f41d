internal import BuildModel
internal import Dispatch
internal import Platform

/// Who waits for which reply. Tickets are numbered in the order of sending, which is the order of the replies.
struct PendingReplies {
    typealias Continuation = CheckedContinuation<RedisValue, any Error>

    /// Until when somebody waits, and how long that was when it began.
    struct Limit {
        var due: DispatchTime
        var limit: Duration
    }

    private var waiting: [UInt64: (continuation: Continuation, limit: Limit)] = [:]
    private var issued: UInt64 = 0
    private var answered: UInt64 = 0

    /// The number of the next command; `add` must follow before another command is sent.
    mutating func reserve() -> UInt64 {
        issued += 1
        return issued
    }

    mutating func add(_ ticket: UInt64, _ continuation: Continuation, limit: Duration) {
        waiting[ticket] = (continuation, Limit(due: .now() + limit.seconds, limit: limit))
    }

    /// The limit that passes first; nil if nobody waits.
    var earliest: Limit? { waiting.values.map(\.limit).min { $0.due < $1.due } }

    /// Forgets the caller; the reply is still expected and then skipped.
    mutating func abandon(_ ticket: UInt64) -> Continuation? {
        waiting.removeValue(forKey: ticket)?.continuation
    }

    /// The caller that the next reply belongs to; nil if it left.
    ///
    /// - Throws: `BuildFailure` with code `protocol_violation` for a reply that nobody asked for.
    mutating func answer(_ endpoint: RedisEndpoint) throws(BuildFailure) -> Continuation? {
        guard answered < issued else {
            throw BuildFailure(
                .platform,
                .protocolViolation,
                operation: "redis.receive",
                message: "\(endpoint) sent a reply that no command asked for."
            )
        }
        answered += 1
        return waiting.removeValue(forKey: answered)?.continuation
    }

    /// Everybody who waits, in order; nobody waits afterwards.
    mutating func drain() -> [Continuation] {
        defer { waiting.removeAll() }
        return waiting.sorted { $0.key < $1.key }.map(\.value.continuation)
    }
}
