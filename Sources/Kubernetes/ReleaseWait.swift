internal import BuildModel
internal import Platform

/// Waits for the Job of a release command, and tells the build's log how it fares as it does for a rollout.
struct ReleaseWait: Sendable {
    let client: ClusterClient
    let namespace: String
    let own: OwnJob
    let log: any BuildLog

    /// How a Job has ended.
    enum Ending: Equatable {
        case succeeded
        /// In the cluster's words.
        case failed(String)
    }

    /// Nil for a Job that is not at its end.
    static func ending(of job: JSONValue) -> Ending? {
        for condition in job["status"]?["conditions"]?.array ?? [] where condition["status"]?.string == "True" {
            switch condition["type"]?.string {
            case "Complete": return .succeeded
            case "Failed":
                return .failed(PlainText.line(condition["message"]?.string ?? "no reason given", limit: 400))
            default: continue
            }
        }
        return nil
    }

    /// Returns when the Job has ended.
    ///
    /// - Returns: why it failed; nil if it succeeded.
    /// - Throws: `BuildFailure` if it could not start or took too long, or if the cluster cannot be asked; `Deleted`.
    func run() async throws -> BuildFailure? {
        var failure: BuildFailure?
        try await wait.run { failure = try await decide($0) }
        return failure
    }

    private var wait: ObjectWait {
        let watch = ObjectWatch(client: client, kind: .job, namespace: namespace, name: own.name)
        return ObjectWait(watch: watch, limit: client.settings.rolloutLimit)
    }

    private func decide(_ inputs: ObjectInputs) async throws -> BuildFailure? {
        var state = RolloutProgress(log: log, subject: "Release")
        var report = report
        // Since when it is known not to have started. While nobody can look, nobody knows.
        var pendingSince: ContinuousClock.Instant? = .now
        for try await input in inputs {
            switch input {
            case .object(let job): if let ending = try ending(of: job) { return await failure(ending, &report) }
            case .trouble(let failure): state.say(outOfReach: failure)
            case .tick:
                state.say(await report.look())
                guard report.hasSeenPods else {
                    pendingSince = nil
                    continue
                }
                state.say(report.hasStarted ? "the command runs" : "its pod has not started")
                let since = pendingSince ?? .now
                pendingSince = since
                let isLate = ContinuousClock.now - since > client.settings.progressDeadline
                guard report.hasStarted || !isLate else { throw await stuck(&report) }
            case .deadline:
                let job = try await wait.last("release command")
                if let ending = try ending(of: job) { return await failure(ending, &report) }
                throw await late(&report)
            }
        }
        // The stream ends without an error only when the task is cancelled.
        throw BuildFailure.cancelled(operation: "kubernetes.release")
    }

    private var report: PodReport {
        let (client, namespace, own) = (client.impatient, namespace, own)
        return PodReport(log: log) {
            PodScope(
                pods: RolloutPods(client: client, namespace: namespace, labels: own.labels, since: own.createdAt),
                owners: [(.job, own.name)]
            )
        }
    }

    /// The Job was deleted while it ran, and another one may be in its place.
    struct Deleted: Error {}

    private func ending(of job: JSONValue?) throws(Deleted) -> Ending? {
        guard let job, own.isSame(job), job["metadata"]?["deletionTimestamp"] == nil else { throw Deleted() }
        return Self.ending(of: job)
    }
}
