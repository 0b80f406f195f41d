package import BuildModel

/// What a Deployment's status says about a rollout. A pure function, by the rules of `kubectl rollout status` and two more: a status that
/// has not seen the spec says nothing, and a Deployment that another build has written is not ours to judge.
package enum RolloutVerdict: Sendable, Hashable {
    /// All pods are of the new version and available.
    case complete
    /// Not yet; in words.
    case waiting(String)
    /// The cluster gave up: its reason and message, and the state of the pods in words.
    case failed(String, pods: String)
    /// Another build, or a later attempt of this one, took over.
    case lost(String)
    /// The Deployment was deleted, and perhaps made anew.
    case gone(String)

    /// - Parameters:
    ///   - deployment: the object as the cluster has it; nil if it is gone.
    ///   - applied: what was applied.
    ///   - now: when it is judged.
    package init(of deployment: JSONValue?, applied: AppliedDeployment, at now: ContinuousClock.Instant = .now) {
        guard let deployment else {
            self = .gone(
                "The Deployment '\(applied.name)' in namespace '\(applied.namespace)' was deleted during its rollout, alone or with "
                    + "its namespace. Deploying again makes it anew."
            )
            return
        }
        let owner = Ownership(of: deployment)
        if let build = owner.build, build != applied.build, !applied.build.isEmpty {
            self = .lost("Build '\(build.prefix(128))' took the place of this one during its rollout.")
            return
        }
        if let epoch = owner.epoch, owner.build == applied.build, epoch > applied.epoch {
            self = .lost("Lease \(epoch) of the same build took over during the rollout.")
            return
        }
        if let uid = deployment["metadata"]?["uid"]?.string, !applied.uid.isEmpty, uid != applied.uid {
            self = .gone("The Deployment '\(applied.name)' was deleted and made anew during its rollout.")
            return
        }
        self.init(deployment, applied, now)
    }

    private init(_ deployment: JSONValue, _ applied: AppliedDeployment, _ now: ContinuousClock.Instant) {
        let (spec, status) = (deployment["spec"], deployment["status"])
        // What was applied counts even if an older state of the object comes late.
        let generation = max(deployment["metadata"]?["generation"]?.integer ?? 0, applied.generation)
        guard (status?["observedGeneration"]?.integer ?? 0) >= generation else {
            self = .waiting("waiting for the cluster to take the new version up")
            return
        }
        let conditions = status?["conditions"]?.array ?? []
        let pods = RolloutCounters(spec: spec, status: status)
        func condition(_ type: String) -> JSONValue? { conditions.first { $0["type"]?.string == type } }
        var words = pods.words
        if let refusal = condition("ReplicaFailure"), refusal["status"]?.string == "True" {
            words += "; pods cannot be made: \(PlainText.line(refusal["message"]?.string ?? "", limit: 400))"
        }
        let progress = condition("Progressing")
        if progress?["reason"]?.string == "ProgressDeadlineExceeded", progress?["status"]?.string == "False",
            applied.mayHaveFailed(spec, at: now)
        {
            let message = PlainText.line(progress?["message"]?.string ?? "no progress in time", limit: 400)
            self = .failed("ProgressDeadlineExceeded: \(message)", pods: words)
            return
        }
        if pods.isDone {
            self = .complete
        } else if spec?["paused"]?.bool == true {
            self = .waiting("paused by somebody; kubectl rollout resume lets it go on (\(pods.words))")
        } else {
            self = .waiting(words)
        }
    }
}

/// Numbers of pods. Zeros are absent from the JSON.
struct RolloutCounters {
    private let wanted: Int64
    private let updated: Int64
    private let available: Int64
    private let all: Int64
    private let ready: Int64

    init(spec: JSONValue?, status: JSONValue?) {
        wanted = spec?["replicas"]?.integer ?? 1
        updated = status?["updatedReplicas"]?.integer ?? 0
        available = status?["availableReplicas"]?.integer ?? 0
        all = status?["replicas"]?.integer ?? 0
        ready = status?["readyReplicas"]?.integer ?? 0
    }

    var isDone: Bool { updated >= wanted && all <= updated && available >= updated }

    /// `1 of 3 pods ready`, with what else is going on. Ready pods count the old version's while it is being replaced.
    var words: String {
        if updated < wanted { return "\(updated) of \(wanted) pods of the new version made" }
        let old = all - updated
        if old > 0 { return "\(max(0, min(ready, all) - old)) of \(wanted) pods ready, \(old) old to go" }
        if ready >= wanted { return "\(ready) of \(wanted) pods ready, \(available) for long enough" }
        return "\(ready) of \(wanted) pods ready"
    }
}
