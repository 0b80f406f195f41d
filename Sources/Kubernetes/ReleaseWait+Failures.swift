internal import BuildModel
internal import Platform

extension ReleaseWait {
    /// Why the command failed, after the build's log was told all about it; nil if it did not.
    func failure(_ ending: Ending, _ report: inout PodReport) async -> BuildFailure? {
        guard case .failed(let reason) = ending else { return nil }
        let troubles = await tell(&report)
        return BuildFailure(
            troubles.first?.verdict.fault ?? .code,
            .releaseFailed,
            operation: "kubernetes.release",
            message: "The release command failed, so the new version was not rolled out: \(reason)"
                + Self.words(troubles, report)
        )
    }

    /// It did not start in the time that a rollout may go without progress.
    func stuck(_ report: inout PodReport) async -> BuildFailure {
        let troubles = await tell(&report)
        let seconds = Int(client.settings.progressDeadline.seconds)
        return failure(
            .platform,
            troubles,
            report,
            "The release command could not start within \(seconds) s (kubernetes.progressSeconds), so the new version was not "
                + "rolled out."
        )
    }

    /// It was not done in the time that a rollout may take.
    func late(_ report: inout PodReport) async -> BuildFailure {
        let troubles = await tell(&report)
        let limit = "\(Int(client.settings.rolloutLimit.seconds)) s (kubernetes.rolloutSeconds)"
        return report.hasStarted || !report.hasSeenPods
            ? failure(.timedOut, troubles, report, "The release command was not done within \(limit).")
            : failure(.platform, troubles, report, "The release command could not start within \(limit).")
    }

    private func tell(_ report: inout PodReport) async -> [PodTrouble] {
        let troubles = await report.look()
        for trouble in troubles { log.say("Release: \(trouble.words)", .deploying) }
        return troubles
    }

    private func failure(
        _ fault: BuildFailure.Fault,
        _ troubles: [PodTrouble],
        _ report: PodReport,
        _ words: String
    ) -> BuildFailure {
        var verdict = (fault: fault, code: BuildFailure.Code.releaseFailed)
        if !report.hasStarted {
            if report.warnings.contains(where: { $0.contains("exceeded quota") }) { verdict.code = .limitExceeded }
            if let trouble = troubles.first { verdict = trouble.verdict }
            if verdict.code == .rolloutFailed { verdict.code = .releaseFailed }
        }
        return BuildFailure(
            verdict.fault,
            verdict.code,
            operation: "kubernetes.release",
            message: words + Self.words(troubles, report)
        )
    }

    /// What the cluster says last: of a pod, else of what it could not make.
    private static func words(_ troubles: [PodTrouble], _ report: PodReport) -> String {
        guard let words = troubles.first?.words ?? report.warnings.last else { return "" }
        return " (\(words))"
    }
}
