internal import BuildModel
internal import BuildQueue
internal import Platform
internal import Synchronization

/// Collects the lines of one attempt and sends them to Redis in batches, in order.
///
/// Stages write without waiting. Lines wait here while Redis is away, up to a bound. Every line has an ordinal, so that a batch
/// that is sent twice is written once, and so that the log says how many lines were dropped.
final class LogShipper: Sendable {
    /// Lines that may wait.
    static let capacity = 20_000
    /// Lines that go at once.
    private static let batchSize = 500

    private struct State {
        var lines: [(ordinal: Int64, line: LogLine)] = []
        var lastOrdinal: Int64 = 0
        var phase: BuildPhase?
    }

    private let state = Mutex(State())
    private let queue: WorkerQueue
    private let lease: Lease
    private let guardian: LeaseGuardian
    private let wake: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init(queue: WorkerQueue, lease: Lease, guardian: LeaseGuardian) {
        self.queue = queue
        self.lease = lease
        self.guardian = guardian
        (wake, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    func add(_ text: String, stream: LogLine.Stream, phase: BuildPhase?) {
        let time = SystemInformation.currentMilliseconds
        state.withLock { state in
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                state.lastOrdinal += 1
                guard state.lines.count < Self.capacity else { continue }
                let entry = LogLine(stream: stream, phase: phase ?? state.phase, text: String(line), time: time)
                state.lines.append((state.lastOrdinal, entry))
            }
        }
        signal.yield()
    }

    /// The phase of lines that do not say theirs; nil after the last.
    func setPhase(_ phase: BuildPhase?) { state.withLock { $0.phase = phase } }

    /// Sends lines as they come, until cancelled. Only one caller at a time sends.
    ///
    /// - Throws: what the queue throws; the lines wait on for the next call.
    func run() async throws {
        try await flush()
        for await _ in wake { try await flush() }
    }

    /// Sends everything that waits, for as long as the lease can be trusted.
    ///
    /// - Throws: as `run`.
    func flush() async throws {
        while let batch = nextBatch() {
            let receipt = try await guardian.whileHeld {
                try await queue.appendLog(lease, from: batch.first, batch.lines)
            }
            state.withLock { state in state.lines.removeAll { $0.ordinal <= receipt.taken } }
        }
    }

    /// The longest run of lines without a gap between their ordinals, from the oldest on.
    private func nextBatch() -> (first: Int64, lines: [LogLine])? {
        state.withLock { state in
            guard let first = state.lines.first?.ordinal else { return nil }
            let run = state.lines.prefix(Self.batchSize).enumerated().prefix {
                $0.element.ordinal == first + Int64($0.offset)
            }
            return (first, run.map(\.element.line))
        }
    }
}
