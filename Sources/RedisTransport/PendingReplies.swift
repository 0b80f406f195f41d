internal import BuildModel

/// Who waits for which reply. Tickets are numbered in the order of sending, which is the order of the replies.
struct PendingReplies {
    typealias Continuation = CheckedContinuation<RedisValue, any Error>

    private var waiting: [UInt64: Continuation] = [:]
    private var issued: UInt64 = 0
    private var answered: UInt64 = 0

    /// The number of the next command; `add` must follow before another command is sent.
    mutating func reserve() -> UInt64 {
        issued += 1
        return issued
    }

    mutating func add(_ ticket: UInt64, _ continuation: Continuation) {
        waiting[ticket] = continuation
    }

    func isWaiting(_ ticket: UInt64) -> Bool { waiting[ticket] != nil }

    /// Forgets the caller; the reply is still expected and then skipped.
    mutating func abandon(_ ticket: UInt64) -> Continuation? {
        waiting.removeValue(forKey: ticket)
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
        return waiting.removeValue(forKey: answered)
    }

    /// Everybody who waits, in order; nobody waits afterwards.
    mutating func drain() -> [Continuation] {
        defer { waiting.removeAll() }
        return waiting.sorted { $0.key < $1.key }.map(\.value)
    }
}
