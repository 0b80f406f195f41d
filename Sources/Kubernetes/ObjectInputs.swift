internal import Synchronization

/// What an `ObjectWait` has to decide on, in order. Looking at pods may take longer than the time between two ticks, and what comes
/// after a tick must not wait for more than one look: so there is one tick at a time, and none when the time of the wait is over.
struct ObjectInputs: AsyncSequence, Sendable {
    typealias Stream = AsyncThrowingStream<ObjectWait.Input, any Error>

    let gate = TickGate()
    private let stream: Stream
    private let end: ContinuousClock.Instant

    init(_ stream: Stream, until end: ContinuousClock.Instant) {
        self.stream = stream
        self.end = end
    }

    func makeAsyncIterator() -> Iterator {
        Iterator(inputs: stream.makeAsyncIterator(), gate: gate, end: end)
    }

    struct Iterator: AsyncIteratorProtocol {
        fileprivate var inputs: Stream.AsyncIterator
        fileprivate let gate: TickGate
        fileprivate let end: ContinuousClock.Instant
        private var isTick = false

        fileprivate init(inputs: Stream.AsyncIterator, gate: TickGate, end: ContinuousClock.Instant) {
            self.inputs = inputs
            self.gate = gate
            self.end = end
        }

        /// Whoever asks for the next one is done with the one before.
        mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(any Error) -> ObjectWait.Input? {
            while true {
                if isTick { gate.leave() }
                isTick = false
                guard let input = try await inputs.next(isolation: actor) else { return nil }
                guard case .tick = input else { return input }
                isTick = true
                if ContinuousClock.now < end { return input }
            }
        }
    }
}

/// Lets one tick in, and no other before it was dealt with.
final class TickGate: Sendable {
    private let isTaken = Mutex(false)

    /// Whether it was free.
    func enter() -> Bool {
        isTaken.withLock { isTaken in
            defer { isTaken = true }
            return !isTaken
        }
    }

    func leave() { isTaken.withLock { $0 = false } }
}
