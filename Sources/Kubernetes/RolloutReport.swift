internal import BuildModel

/// Finds out why a rollout did not end well. What cannot be found out is left out: the verdict counts, and it is there already.
struct RolloutReport: Sendable {
    let client: ClusterClient
    let applied: AppliedDeployment
    let podBuild: String
    let log: any BuildLog

    private var pods: RolloutPods { RolloutPods(client: client, applied, build: podBuild) }

    /// What is wrong with the pods now; nothing where the cluster does not tell.
    func troubles() async -> [PodTrouble] {
        await attempt("look at the pods") { try await pods.troubles() } ?? []
    }

    /// The failure, after the build's log was told all that the cluster and the app say.
    func failure(_ reason: String, counters: String) async -> BuildFailure {
        let troubles = await troubles()
        for trouble in troubles { log.say("Rollout: \(trouble.words)", .deploying) }
        let warnings = await attempt("read the events") { try await pods.warnings(about: applied.name) } ?? []
        for warning in warnings { log.say("Event: \(warning)", .deploying) }
        await showLog(of: troubles)
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

    private func showLog(of troubles: [PodTrouble]) async {
        guard let trouble = troubles.first(where: { $0.crashedContainer != nil }),
            let container = trouble.crashedContainer
        else { return }
        let lines = await attempt("read the log of pod \(trouble.pod)") {
            try await pods.lastLines(of: trouble, container: container)
        }
        guard let lines, !lines.isEmpty else { return }
        log.say("The last lines of pod \(trouble.pod):", .deploying)
        for line in lines { log.write(line, stream: .stderr, phase: .deploying) }
    }

    private func attempt<Value>(_ what: String, _ body: () async throws -> Value) async -> Value? {
        do {
            return try await body()
        } catch {
            let failure = BuildFailure(error, operation: "kubernetes.rollout")
            if failure.fault != .cancelled { log.say("Could not \(what): \(failure)", .deploying) }
            return nil
        }
    }
}

extension BuildFailure {
    /// Whether a rollout was judged to have failed; anything else says nothing about the new version.
    var isVerdict: Bool { operation == "kubernetes.rollout" && fault != .cancelled }
}
