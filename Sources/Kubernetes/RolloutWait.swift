internal import BuildModel
internal import Platform

/// Waits for a rollout: watches the Deployment, looks at its pods, tells the build's log what changed, and ends with a verdict or at its
/// own deadline, since a cluster may never give one (a paused Deployment, a scale-up that finds no room, a controller that is down).
struct RolloutWait: Sendable {
    let client: ClusterClient
    let applied: AppliedDeployment
    /// The build whose pods come up; another than what was applied when a former one is brought back.
    var podBuild: String?
    let log: any BuildLog

    private var wait: ObjectWait {
        let watch = ObjectWatch(
            client: client,
            kind: .deployment,
            namespace: applied.namespace,
            name: applied.name
        )
        return ObjectWait(watch: watch, limit: client.settings.rolloutLimit)
    }

    /// Returns when the rollout is complete.
    ///
    /// - Throws: `BuildFailure`, with the words of the cluster, of the pods and of the crashed app in it; `unreachable` if the cluster
    ///   cannot be asked at the end.
    func run() async throws {
        try await wait.run { try await decide($0) }
    }

    private func decide(_ inputs: ObjectInputs) async throws {
        var state = RolloutProgress(log: log, subject: "Rollout")
        var report = RolloutReport(client: client, applied: applied, podBuild: podBuild ?? applied.build, log: log)
        var seen: JSONValue?
        for try await input in inputs {
            switch input {
            case .object(let object):
                if try await isDone(verdict(of: object), object, &state, &report) { return }
                seen = object
            case .trouble(let failure): state.say(outOfReach: failure)
            case .tick:
                state.say(await report.look())
                // A cluster that gave up early says nothing more when its time is really over.
                guard let seen else { continue }
                let verdict = self.verdict(of: seen)
                if case .failed = verdict { _ = try await isDone(verdict, seen, &state, &report) }
            case .deadline:
                let last = try await wait.last("rollout")
                if try await isDone(verdict(of: last), last, &state, &report) { return }
                throw await report.failure(deadlineWords, counters: state.counters)
            }
        }
        // The stream ends without an error only when the task is cancelled.
        throw BuildFailure.cancelled(operation: "kubernetes.rollout")
    }

    private func verdict(of object: JSONValue?) -> RolloutVerdict { RolloutVerdict(of: object, applied: applied) }

    /// Whether the rollout is complete; throws if it has failed.
    private func isDone(
        _ verdict: RolloutVerdict,
        _ object: JSONValue?,
        _ state: inout RolloutProgress,
        _ report: inout RolloutReport
    ) async throws -> Bool {
        state.notice(object, applied)
        switch verdict {
        case .complete:
            log.say("Rollout complete.", .deploying)
            return true
        case .waiting(let words): state.say(words)
        case .failed(let reason, let pods): throw await report.failure(reason, counters: pods)
        case .lost(let reason):
            throw BuildFailure(.cancelled, .superseded, operation: "kubernetes.rollout", message: reason)
        case .gone(let reason):
            // That says nothing about the new version, so nothing is gone back to.
            throw BuildFailure(.platform, .rolloutFailed, operation: "kubernetes.watch", message: reason)
        }
        return false
    }

    private var deadlineWords: String {
        "it was not done within \(Int(client.settings.rolloutLimit.seconds)) s (kubernetes.rolloutSeconds)"
    }
}
