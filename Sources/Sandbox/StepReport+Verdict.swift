internal import BuildModel

extension StepReport {
    /// Why the step did not do what it should, or nil if it did.
    func failure(of step: SandboxedStep, bounds: StepBounds) -> BuildFailure? {
        let name = step.step.name
        if let failure {
            return .sandbox("The sandbox of step '\(name)' could not be made.", cause: failure, isRetryable: true)
        }
        if interruption == .cancelled { return .cancelled(operation: "sandbox.run") }
        if interruption == .timeLimit { return timeLimit(name, bounds) }
        if case .notReady(let limit) = interruption {
            return .sandbox("The sandbox of step '\(name)' was not ready after \(Self.text(limit)).", isRetryable: true)
        }
        if case .cacheFull(let cache, let limit) = interruption { return cacheFull(name, cache, limit) }
        if case .nodeFull(let left) = interruption { return nodeFull(name, left) }
        guard status != 0 || !isStarted else { return nil }
        return reachedLimit(name, bounds) ?? startFailure(step) ?? ordinary(step, bounds)
    }

    private func timeLimit(_ name: String, _ bounds: StepBounds) -> BuildFailure {
        var failure = BuildFailure.timedOut(
            operation: "sandbox.run",
            message: "Step '\(name)' ran out of time: limit \(Self.text(bounds.time)). A plan may give it more, up to "
                + "sandbox.maximumStepSeconds of the worker."
        )
        // The same step takes as long again.
        failure.isRetryable = false
        return failure
    }

    private func cacheFull(_ name: String, _ cache: String, _ limit: Int64) -> BuildFailure {
        reached(
            .diskFull,
            "Step '\(name)' has written more than \(ByteSize.text(limit)) into its cache '\(cache)', twice what "
                + "steps.cacheBytes of the worker keeps. What is no cache belongs into the step's own files."
        )
    }

    private func nodeFull(_ name: String, _ left: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .diskFull,
            operation: "sandbox.run",
            message: "Step '\(name)' was ended: the disk of this node has \(left) left, less than "
                + "steps have to leave (sandbox.minimumFreeBytes). Free some, or lower steps.cacheTotalBytes, steps.layerBytes or "
                + "steps.imageBytes.",
            isRetryable: true
        )
    }

    private func reachedLimit(_ name: String, _ bounds: StepBounds) -> BuildFailure? {
        if counters.memoryKills > 0 {
            // Kernels before 5.19 do not tell the peak in version 2; it was the limit then.
            let most = counters.peakMemoryBytes > 0 ? counters.peakMemoryBytes : bounds.memoryBytes
            let (limit, peak) = (ByteSize.text(bounds.memoryBytes), ByteSize.text(most))
            return reached(
                .outOfMemory,
                "Step '\(name)' ran out of memory: limit \(limit), peak \(peak). A plan may give it more, up to "
                    + "sandbox.maximumMemoryBytes of the worker."
            )
        }
        if isDiskFull {
            let (limit, peak) = (ByteSize.text(bounds.diskBytes), ByteSize.text(peakDiskBytes))
            return reached(
                .diskFull,
                "Step '\(name)' ran out of disk: limit \(limit), peak \(peak). A plan may give it more, up to "
                    + "sandbox.maximumDiskBytes of the worker."
            )
        }
        if let obstacle {
            return reached(
                .diskFull,
                "Step '\(name)' was ended: what it has written cannot be measured, and so not be limited: \(obstacle)."
            )
        }
        if isOutOfFiles {
            return reached(
                .diskFull,
                "Step '\(name)' ran out of files: its disk of \(ByteSize.text(bounds.diskBytes)) has room for \(peak.files). "
                    + "A plan may give it a larger one, up to sandbox.maximumDiskBytes of the worker."
            )
        }
        guard counters.processRefusals > 0 else { return nil }
        return reached(
            .tooManyProcesses,
            "Step '\(name)' ran out of processes: limit \(bounds.processes), refused \(counters.processRefusals) times. "
                + "A plan may give it more, up to sandbox.maximumProcesses of the worker."
        )
    }

    private func reached(_ code: BuildFailure.Code, _ message: String) -> BuildFailure {
        BuildFailure(.code, code, operation: "sandbox.run", message: message)
    }

    /// The runtime has words of its own only where it could not start the command.
    private func startFailure(_ step: SandboxedStep) -> BuildFailure? {
        let name = step.step.name
        guard let status else {
            return .sandbox("The sandbox of step '\(name)' ended by itself.", isRetryable: true)
        }
        guard trouble != nil || !isStarted else { return nil }
        let words = trouble?.split(separator: "\n").last.map(String.init) ?? ""
        guard words.contains("executable file") || words.contains("exec: ") || words.contains("open executable") else {
            return .sandbox(
                "The OCI runtime \(isStarted ? "lost" : "could not start") step '\(name)': it ended with status \(status). "
                    + "'slipway doctor' checks the runtime of this node.",
                cause: words.isEmpty ? nil : words,
                isRetryable: true
            )
        }
        let program = step.step.arguments.first ?? ""
        return BuildFailure(
            .code,
            .commandNotFound,
            operation: "sandbox.run",
            message: "Step '\(step.step.name)' starts '\(program)', which cannot be run in \(step.step.image).",
            cause: words
        )
    }

    private func ordinary(_ step: SandboxedStep, _ bounds: StepBounds) -> BuildFailure {
        let status = status ?? 125
        let end = status > 128 && status < 160 ? "was ended by signal \(status - 128)" : "ended with status \(status)"
        var message = "Step '\(step.step.name)' (\(step.step.command)) \(end)."
        if !refusedDestinations.isEmpty {
            message += " It may not reach \(refusedDestinations.joined(separator: ", "))."
        }
        if isFileLimitMentioned { message += " Its files may have \(ByteSize.text(bounds.diskBytes)) at most." }
        return BuildFailure(.code, .stepFailed, operation: "sandbox.run", message: message)
    }

    private static func text(_ time: Duration) -> String { "\(time.components.seconds) s" }
}
