internal import BuildModel
internal import BuildQueue
internal import Platform

/// The reporter of an attempt that came from the queue: words and phases go to Redis, and leave is asked of the lease.
struct QueuedAttempt: AttemptReporter {
    let queue: WorkerQueue
    let lease: Lease
    let shipper: LogShipper
    let guardian: LeaseGuardian

    func write(_ text: String, stream: LogLine.Stream, phase: BuildPhase?) {
        shipper.add(text, stream: stream, phase: phase)
    }

    func begin(_ phase: BuildPhase) async {
        shipper.setPhase(phase)
        do {
            try await guardian.whileHeld { try await queue.setPhase(lease, phase) }
        } catch {
            // Phases are for watchers; the lease is what counts, and its guardian finds out by itself.
            guardian.noteTrouble(error, doing: "tell the phase")
        }
    }

    func confirm() async throws {
        repeat {
            do {
                try await guardian.whileHeld { try await queue.confirm(lease) }
            } catch let failure as BuildFailure where failure.isRetryable && failure.code != .leaseLost {
                // Redis is away: whether the lease outlives that is for its guardian to say.
                guardian.noteTrouble(failure, doing: "confirm the lease")
                try await Task.sleep(for: .milliseconds(500))
                continue
            }
            // The process may have been stopped since Redis answered; what it said then says nothing about now.
            if guardian.isTrusted { return }
        } while true
    }
}
