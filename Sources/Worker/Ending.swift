internal import BuildModel
internal import BuildQueue
internal import Logging
internal import Platform
internal import Telemetry

/// Writes down how an attempt ended. Runs to its end whatever is cancelled around it, for as long as the lease is held.
struct Ending: Sendable {
    let attempt: QueuedAttempt
    let queue: WorkerQueue
    let room: NodeRoom
    let drain: DrainSignal
    let logger: Logger

    /// - Parameter failure: nil for success.
    func write(_ failure: BuildFailure?, _ result: BuildResult, took: Duration) async {
        do {
            if let failure, failure.code == .leaseLost { throw failure }
            try await writeWhileHeld(failure, result, took: took)
        } catch {
            logger.warning("lease lost, nothing more is written", metadata: ["error": "\(error)"])
        }
    }

    /// - Throws: `BuildFailure` with code `lease_lost`.
    private func writeWhileHeld(_ failure: BuildFailure?, _ result: BuildResult, took: Duration) async throws {
        let reason = reasonToGiveBack(failure)
        attempt.shipper.setPhase(nil)
        let hasDeployed = result.phaseMilliseconds[.deploying] != nil
        tellUser(failure, returns: reason, hasDeployed: hasDeployed, took: took)
        // A server that is full takes ends, but no log: the end does not wait for it for ever. Where nobody waits for the worker
        // to leave, an outage is outlived: it is for the guardian to say how long.
        let lease = queue.settings.lease
        try await retry("send the rest of the log", for: reason != nil ? .seconds(5) : lease * 10, refused: lease) {
            try await attempt.shipper.flush()
        }
        if let reason {
            logger.notice("build given back to the queue: \(reason)")
            try await retry("give the build back", for: lease) {
                try await attempt.guardian.whileHeld {
                    try await queue.giveBack(attempt.lease, within: queue.settings.callLimit)
                }
            }
            return
        }
        logEnd(failure, result, took: took)
        let outcome = Self.outcome(failure, result)
        try await retry("write the result", for: lease * 10) {
            // Redis refuses what a lease that ran out writes, so an end that comes before its renewal would be lost.
            let receipt = try await attempt.guardian.whileHeld {
                try await queue.finish(attempt.lease, outcome, within: queue.settings.callLimit)
            }
            if case .retrying = receipt {
                logger.notice("the failure may pass, the build waits for its next attempt")
            }
        }
    }

    /// Why the attempt is not to count, if it is not: the worker stops, or its node has no room, which other nodes may have.
    private func reasonToGiveBack(_ failure: BuildFailure?) -> String? {
        guard let failure, attempt.guardian.cancellation == nil else { return nil }
        if failure.fault == .cancelled { return drain.level >= .abandon ? "the worker is stopping" : nil }
        guard failure.fault == .platform, failure.isRetryable else { return nil }
        return room.shortage
    }

    private func tellUser(_ failure: BuildFailure?, returns reason: String?, hasDeployed: Bool, took: Duration) {
        if let reason {
            if let failure, failure.fault != .cancelled { attempt.say("\(failure)") }
            attempt.say("The build goes back to the queue and starts again elsewhere: \(reason).")
        } else if let failure, failure.fault == .cancelled {
            let applied = hasDeployed ? " What was applied to the cluster stays." : ""
            attempt.say("Cancelled (\(failure.code.rawValue)): \(failure)\(applied)")
        } else if let failure {
            attempt.say("Failed (\(failure.code.rawValue)): \(failure)")
        } else {
            let tenths = Int((took.seconds * 10).rounded())
            attempt.say("Done in \(tenths / 10).\(tenths % 10) s")
        }
    }

    private func logEnd(_ failure: BuildFailure?, _ result: BuildResult, took: Duration) {
        var metadata: Logger.Metadata = [LogKey.milliseconds: "\(took.milliseconds)"]
        if let image = result.image { metadata[LogKey.image] = "\(image.reference)" }
        guard let failure else {
            logger.info("build succeeded", metadata: metadata)
            return
        }
        metadata[LogKey.failureCode] = "\(failure.code.rawValue)"
        metadata[LogKey.failureFault] = "\(failure.fault.rawValue)"
        metadata["error"] = "\(failure)"
        logger.warning("build failed", metadata: metadata)
    }

    private static func outcome(_ failure: BuildFailure?, _ result: BuildResult) -> BuildOutcome {
        failure.map { .failed($0, result) } ?? .succeeded(result)
    }

    /// Tries until it works or the time is over; what fails for good is logged.
    ///
    /// - Parameter refused: how long to go on while Redis answers, and says no.
    /// - Throws: `BuildFailure` with code `lease_lost`: then somebody else writes the end.
    private func retry(
        _ what: String,
        for limit: Duration,
        refused: Duration? = nil,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let (guardian, end) = (attempt.guardian, Deadline(after: limit))
        let patience = Deadline(after: refused ?? limit)
        do {
            try await withoutCancellation {
                while true {
                    do {
                        let late = BuildFailure.timedOut(
                            operation: "build.end",
                            message: "The time to \(what) is over."
                        )
                        return try await withDeadline(end.remaining, failure: late) { try await body() }
                    } catch {
                        let failure = BuildFailure(error, operation: "build.end")
                        let isOver = end.hasPassed || (failure.code != .unreachable && patience.hasPassed)
                        guard failure.isRetryable, !isOver else { throw failure }
                        guardian.noteTrouble(failure, doing: what)
                        try await Task.sleep(for: .milliseconds(500))
                    }
                }
            }
        } catch {
            let failure = BuildFailure(error, operation: "build.end")
            guard failure.code != .leaseLost else { throw failure }
            logger.error("could not \(what)", metadata: ["error": "\(failure)"])
        }
    }
}
