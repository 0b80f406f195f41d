internal import BuildModel

/// How the pods of a rollout fare while it goes on, and why it failed in the end. The verdict counts, and it is there already when this
/// is asked for the reason.
struct RolloutReport {
    let applied: AppliedDeployment
    let log: any BuildLog
    private var pods: PodReport

    /// - Parameter podBuild: the build whose pods come up.
    init(client: ClusterClient, applied: AppliedDeployment, podBuild: String, log: any BuildLog) {
        self.applied = applied
        self.log = log
        let client = client.impatient
        pods = PodReport(log: log) { try await RolloutPods.newest(of: applied, build: podBuild, client) }
    }

    /// As `PodReport.look`.
    mutating func look() async -> [PodTrouble] { await pods.look() }

    /// The failure, after the build's log was told all that the cluster and the app say.
    mutating func failure(_ reason: String, counters: String) async -> BuildFailure {
        let troubles = await look()
        for trouble in troubles { log.say("Rollout: \(trouble.words)", .deploying) }
        let verdict = verdict(troubles, counters)
        let reason = reason.hasSuffix(".") ? String(reason.dropLast()) : reason
        let words = [counters, troubles.first?.words ?? ""].filter { !$0.isEmpty }.joined(separator: "; ")
        return BuildFailure(
            verdict.fault,
            verdict.code,
            operation: "kubernetes.rollout",
            message: "The rollout of Deployment '\(applied.name)' in namespace '\(applied.namespace)' failed: \(reason)"
                + (words.isEmpty ? "." : " (\(words)).")
        )
    }

    private func verdict(
        _ troubles: [PodTrouble],
        _ counters: String
    ) -> (fault: BuildFailure.Fault, code: BuildFailure.Code) {
        if let trouble = troubles.first { return trouble.verdict }
        if counters.contains("exceeded quota") { return (.platform, .limitExceeded) }
        return (.platform, .rolloutFailed)
    }
}
