internal import BuildModel

/// Finds out how the pods of a rollout fare, tells what is new while it goes on, and why it failed in the end. What cannot be found out
/// is left out: the verdict counts, and it is there already.
struct RolloutReport {
    let client: ClusterClient
    let applied: AppliedDeployment
    let podBuild: String
    let log: any BuildLog
    /// What was said already: events, pods whose last lines were shown, and what could not be done.
    private var said: Set<String> = []
    private static let shownLogs = 3

    init(client: ClusterClient, applied: AppliedDeployment, podBuild: String, log: any BuildLog) {
        self.client = client
        self.applied = applied
        self.podBuild = podBuild
        self.log = log
    }

    /// What is wrong with the newest pods now; nothing where the cluster does not tell. Says what the cluster warns of, and the
    /// last lines of containers that crashed, each once.
    mutating func look() async -> [PodTrouble] {
        let (applied, build, client) = (applied, podBuild, client)
        let newest = await attempt("find the newest pods") {
            try await RolloutPods.newest(of: applied, build: build, client)
        }
        let troubles = await attempt("look at the pods") { try await newest??.pods.troubles() ?? [] } ?? []
        let warnings = await attempt("read the events") {
            try await RolloutPods.warnings(about: applied, set: newest??.set, client)
        }
        for warning in warnings ?? [] where said.insert(warning).inserted { log.say("Event: \(warning)", .deploying) }
        if let pods = newest??.pods { await showLogs(of: troubles, pods) }
        return troubles
    }

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

    private mutating func showLogs(of troubles: [PodTrouble], _ pods: RolloutPods) async {
        for trouble in troubles {
            guard let container = trouble.crashedContainer,
                said.filter({ $0.hasPrefix("log ") }).count < Self.shownLogs,
                said.insert("log \(trouble.pod)").inserted
            else { continue }
            let lines = await attempt("read the log of pod \(trouble.pod)") {
                try await pods.lastLines(of: trouble, container: container)
            }
            guard let lines, !lines.isEmpty else { continue }
            log.say("The last lines of pod \(trouble.pod):", .deploying)
            for line in lines { log.write(line, stream: .stderr, phase: .deploying) }
        }
    }

    private mutating func attempt<Value>(_ what: String, _ body: () async throws -> Value) async -> Value? {
        do {
            return try await body()
        } catch {
            let failure = BuildFailure(error, operation: "kubernetes.rollout")
            if failure.fault != .cancelled, said.insert(what).inserted {
                log.say("Could not \(what): \(failure)", .deploying)
            }
            return nil
        }
    }
}

extension BuildFailure {
    /// Whether a rollout was judged to have failed; anything else says nothing about the new version.
    var isVerdict: Bool { operation == "kubernetes.rollout" && fault != .cancelled }
}
