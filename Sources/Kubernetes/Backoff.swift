/// Delays between attempts: exponential with full jitter, or what the server asks for.
struct Backoff {
    static let maximum = Duration.seconds(30)
    /// The longest wait that a server may ask for.
    static let longestRetryAfter = Duration.seconds(60)

    private var ceiling: Duration

    init(base: Duration) {
        ceiling = min(base, Self.maximum)
    }

    /// The next delay. A server's wish is a lower bound, with some jitter so that not all come back at once.
    mutating func next(retryAfter: Duration?) -> Duration {
        let jitter = ceiling * Double.random(in: 0...1)
        ceiling = min(ceiling * 2, Self.maximum)
        return retryAfter.map { min($0, Self.longestRetryAfter) + jitter / 4 } ?? jitter
    }

    /// Whole seconds of a `Retry-After` header; nil for dates and for nonsense.
    static func retryAfter(_ text: String?) -> Duration? {
        guard let text, let seconds = UInt32(text) else { return nil }
        return .seconds(Int64(seconds))
    }
}
