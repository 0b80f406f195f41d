internal import BuildModel
internal import BuildQueue
internal import Logging
internal import Platform
internal import Settings
internal import Telemetry

/// Runs one lease from its claim to its end: reads the request, runs the pipeline under the lease and a deadline, and writes down how it ended.
struct AttemptRunner: Sendable {
    let pipeline: BuildPipeline
    let queue: WorkerQueue
    let settings: WorkerSettings
    let drain: DrainSignal
    let running: RunningBuilds
    let logger: Logger

    func run(_ lease: Lease) async {
        var logger = logger
        logger[metadataKey: LogKey.build] = "\(lease.id)"
        logger[metadataKey: LogKey.epoch] = "\(lease.epoch)"
        let attempt = makeAttempt(lease, logger)
        let progress = BuildProgress()
        let start = ContinuousClock.now
        logger.info("build started", metadata: [LogKey.attempt: "\(lease.attempt)"])

        if lease.attempt > 1 { attempt.say("Attempt \(lease.attempt) of this build") }
        // The lease is renewed until the end is written down: stopping what runs may take longer than what is left of it.
        await withDiscardingTaskGroup { group in
            group.addTask { await attempt.guardian.run() }
            let failure = await running.whileRunning(attempt.guardian, of: lease.id) { await work(attempt, progress) }
            await Ending(attempt: attempt, queue: queue, room: NodeRoom(settings), drain: drain, logger: logger)
                .write(failure, progress.result, took: start.duration(to: .now))
            group.cancelAll()
        }
    }

    private func makeAttempt(_ lease: Lease, _ logger: Logger) -> QueuedAttempt {
        let guardian = LeaseGuardian(queue: queue, lease: lease, logger: logger)
        return QueuedAttempt(
            queue: queue,
            lease: lease,
            shipper: LogShipper(queue: queue, lease: lease, guardian: guardian),
            guardian: guardian
        )
    }

    /// The pipeline beside what may stop it and what sends the log; the first of them to fail ends the others.
    private func work(_ attempt: QueuedAttempt, _ progress: BuildProgress) async -> BuildFailure? {
        do {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    // What was asked and granted may be long ago by the time that bytes go out.
                    try await SendPermit.holding(attempt.guardian.permit) {
                        try await build(attempt, progress)
                    }
                    return true
                }
                group.addTask {
                    try await attempt.guardian.waitForStop()
                    return false
                }
                group.addTask {
                    try await ship(attempt)
                    return false
                }
                group.addTask {
                    await drain.wait(for: .abandon)
                    if drain.level >= .abandon { throw BuildFailure.cancelled(operation: "worker.stop") }
                    return false
                }
                defer { group.cancelAll() }
                while let isBuilt = try await group.next() {
                    if isBuilt { return }
                }
            }
            return nil
        } catch {
            return BuildFailure(error, operation: "build")
        }
    }

    private func build(_ attempt: QueuedAttempt, _ progress: BuildProgress) async throws {
        let request = try LeasedRequest.read(attempt.lease, log: attempt)
        let limit = request.timeoutSeconds.map { Duration.seconds($0) } ?? settings.build.timeout
        let late = BuildFailure.timedOut(
            operation: "build",
            message: "The build took longer than \(Int(limit.seconds)) s; 'timeoutSeconds' of the request allows more."
        )
        let deadline = BuildDeadline()
        try await withDeadline(limit, counts: { deadline.pass() }, failure: late) { [pipeline] in
            try await pipeline.run(
                request,
                epoch: attempt.lease.epoch,
                queuedAt: attempt.lease.createdAt,
                deadline: deadline,
                reporter: attempt,
                progress: progress
            )
        }
    }

    /// Sends the log as it grows; Redis being away for a while does not end the build, the lease's guardian decides that.
    private func ship(_ attempt: QueuedAttempt) async throws {
        while !Task.isCancelled {
            do {
                try await attempt.shipper.run()
                return
            } catch let failure as BuildFailure where failure.code == .leaseLost {
                throw failure
            } catch {
                guard !Task.isCancelled else { return }
                attempt.guardian.noteTrouble(error, doing: "send the log")
                try await Task.sleep(for: .seconds(1))
            }
        }
    }
}
