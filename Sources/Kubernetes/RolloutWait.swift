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

    private enum Input: Sendable {
        case object(JSONValue?)
        /// Time to look at the pods again.
        case tick
        case deadline
    }

    /// Returns when the rollout is complete.
    ///
    /// - Throws: `BuildFailure`, with the words of the cluster, of the pods and of the crashed app in it.
    func run() async throws {
        let (inputs, continuation) = AsyncThrowingStream<Input, any Error>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await watch(continuation) }
            group.addTask { await tick(continuation) }
            group.addTask {
                guard (try? await Task.sleep(for: client.settings.rolloutLimit)) != nil else { return }
                continuation.yield(.deadline)
            }
            defer { group.cancelAll() }
            try await decide(inputs)
        }
    }

    private func watch(_ continuation: AsyncThrowingStream<Input, any Error>.Continuation) async {
        let watch = ObjectWatch(
            client: client,
            kind: .deployment,
            namespace: applied.namespace,
            name: applied.name
        )
        do {
            try await watch.run { continuation.yield(.object($0)) }
        } catch {
            continuation.finish(throwing: error)
        }
    }

    private func tick(_ continuation: AsyncThrowingStream<Input, any Error>.Continuation) async {
        while (try? await Task.sleep(for: client.settings.progressPeriod)) != nil { continuation.yield(.tick) }
    }

    private func decide(_ inputs: AsyncThrowingStream<Input, any Error>) async throws {
        var state = RolloutProgress(log: log)
        var report = RolloutReport(client: client, applied: applied, podBuild: podBuild ?? applied.build, log: log)
        for try await input in inputs {
            switch input {
            case .object(let object):
                state.notice(object, applied)
                switch RolloutVerdict(of: object, applied: applied) {
                case .complete: return state.finish()
                case .waiting(let words): state.say(words)
                case .failed(let reason, let pods): throw await report.failure(reason, counters: pods)
                case .lost(let reason): throw Self.lost(reason)
                }
            case .tick: state.say(await report.look())
            case .deadline: throw await report.failure(deadlineWords, counters: state.counters)
            }
        }
        // The stream ends without an error only when the task is cancelled.
        throw BuildFailure.cancelled(operation: "kubernetes.rollout")
    }

    private var deadlineWords: String {
        "it was not done within \(Int(client.settings.rolloutLimit.seconds)) s (kubernetes.rolloutSeconds)"
    }

    private static func lost(_ reason: String) -> BuildFailure {
        BuildFailure(.cancelled, .superseded, operation: "kubernetes.rollout", message: reason)
    }
}

/// What has been told of a rollout so far: each thing is said when it changes.
struct RolloutProgress {
    private(set) var counters = ""
    private var said = ""
    private var troubles: [PodTrouble] = []
    private var generation: Int64 = 0
    private let log: any BuildLog

    init(log: any BuildLog) {
        self.log = log
    }

    mutating func say(_ words: String) {
        counters = words
        tell()
    }

    mutating func say(_ found: [PodTrouble]) {
        troubles = found
        tell()
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

    func finish() { log.say("Rollout complete.", .deploying) }

    /// The counters and what is wrong with at most three pods.
    private mutating func tell() {
        guard !counters.isEmpty else { return }
        let rest = troubles.count > 3 ? ["\(troubles.count - 3) more pods have troubles"] : []
        let line = ([counters] + troubles.prefix(3).map(\.words) + rest).joined(separator: "; ")
        guard line != said else { return }
        said = line
        log.say("Rollout: \(line)", .deploying)
    }
}
