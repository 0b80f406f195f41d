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

    /// How long a reply may be owed before the connection counts as broken, for those who wait for less.
    static let patience = Duration.seconds(1)

    /// Who waits; nobody any more where the reply was given up and is still owed.
    private var waiting: [UInt64: (continuation: Continuation?, limit: Limit)] = [:]
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

    /// Those whose short time is over: they are told, and the server has more time to answer.
    mutating func giveUp() -> [(continuation: Continuation, limit: Limit)] {
        let now = DispatchTime.now()
        var gone: [(continuation: Continuation, limit: Limit)] = []
        for (ticket, entry) in waiting where entry.limit.due <= now && entry.limit.limit < Self.patience {
            guard let continuation = entry.continuation else { continue }
            gone.append((continuation, entry.limit))
            let more = (Self.patience - entry.limit.limit).seconds
            waiting[ticket] = (nil, Limit(due: entry.limit.due + more, limit: Self.patience))
        }
        return gone
    }

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
        return waiting.sorted { $0.key < $1.key }.compactMap(\.value.continuation)
    }
}
