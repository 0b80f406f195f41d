internal import BuildModel

/// What has been told so far of a rollout, or of a release command: each thing is said when it changes.
struct RolloutProgress {
    private(set) var counters = ""
    private var said = ""
    private var troubles: [PodTrouble] = []
    private var generation: Int64 = 0
    private var isOutOfReach = false
    private let log: any BuildLog
    private let subject: String

    /// - Parameter subject: the word that lines begin with.
    init(log: any BuildLog, subject: String) {
        self.log = log
        self.subject = subject
    }

    mutating func say(_ words: String) {
        if isOutOfReach { log.say("The cluster answers again.", .deploying) }
        isOutOfReach = false
        counters = words
        tell()
    }

    mutating func say(_ found: [PodTrouble]) {
        troubles = found
        tell()
    }

    /// Says once that the cluster cannot be asked, until it answers again.
    mutating func say(outOfReach failure: BuildFailure) {
        guard failure.isRetryable, !isOutOfReach else { return }
        isOutOfReach = true
        log.say("Warning: \(subject.lowercased()) goes on unseen, and is asked about again: \(failure)", .deploying)
    }

    /// Says that somebody changed the spec after us, and who, if it was not for a build: then the verdict is about both.
    mutating func notice(_ object: JSONValue?, _ applied: AppliedDeployment) {
        guard let metadata = object?["metadata"], let found = metadata["generation"]?.integer,
            found > max(generation, applied.generation)
        else { return }
        generation = found
        let manager = metadata["managedFields"]?.array?
            .filter { $0["manager"]?.string != ClusterRequest.fieldManager && $0["fieldsV1"]?["f:spec"] != nil }
            .max { ($0["time"]?.string ?? "") < ($1["time"]?.string ?? "") }?["manager"]?.string
        let who = manager.map { " by '\(PlainText.line($0, limit: 128))'" } ?? ""
        log.say(
            "The Deployment's spec was changed\(who) during the rollout (generation \(found), this build applied "
                + "\(applied.generation)).",
            .deploying
        )
    }

    /// The counters and what is wrong with at most three pods.
    private mutating func tell() {
        guard !counters.isEmpty else { return }
        let rest = troubles.count > 3 ? ["\(troubles.count - 3) more pods have troubles"] : []
        let line = ([counters] + troubles.prefix(3).map(\.words) + rest).joined(separator: "; ")
        guard line != said else { return }
        said = line
        log.say("\(subject): \(line)", .deploying)
    }
}
