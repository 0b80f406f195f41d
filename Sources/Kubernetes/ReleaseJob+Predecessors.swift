internal import BuildModel

extension ReleaseJob {
    /// How long a Job that was deleted may take to be gone: its pod is given half a minute to end.
    private static let leaving = Duration.seconds(90)

    /// How long a newer attempt may take to make its own Job when the one in its way is gone.
    private static let arrival = Duration.seconds(10)

    /// Ends what earlier attempts and older builds of the project have left running, and deletes what stands in the place of this one.
    ///
    /// - Returns: this attempt's own Job if it is there already: the reply to its creation was lost, or the attempt was taken up again.
    /// - Throws: `BuildFailure` with code `superseded` or `stale_epoch` if a newer one runs or has run.
    func makeWay(_ confirm: @escaping @Sendable () async throws -> Void) async throws -> JSONValue? {
        for job in try await jobs() + named() {
            if isOwn(job), job["metadata"]?["deletionTimestamp"] == nil { return job }
            let ending = ReleaseWait.ending(of: job)
            guard isNamed(job) || ending == nil else { continue }
            try await end(job, ending, confirm)
        }
        return nil
    }

    private func end(
        _ job: JSONValue,
        _ ending: ReleaseWait.Ending?,
        _ confirm: @escaping @Sendable () async throws -> Void
    ) async throws {
        let (name, build) = (job["metadata"]?["name"]?.string ?? "", Ownership(of: job).build ?? "")
        let request = ClusterRequest(.get, .job, namespace: intent.namespace, name: name)
        try Ownership(of: job).check(intent.stamp, request)
        do {
            // In the foreground it is there until its pod is gone. That of a Job that ran out of time may still be at its end.
            let propagation = ending == .succeeded ? "Background" : "Foreground"
            let deletion = Self.deletion(of: job, in: intent.namespace, propagation)
            _ = try await client.send(deletion, confirm: confirm)
        } catch let failure as BuildFailure where [.notFound, .objectChanged].contains(failure.code) {
            return
        }
        if ending == nil {
            log.say("Deleted the Job '\(name)', which build '\(build.prefix(128))' has left running.", .deploying)
        }
        try await waitUntilGone(job, request)
    }

    /// Whether a Job is this attempt's: made under the same lease of the same build.
    func isOwn(_ job: JSONValue) -> Bool {
        let (owner, stamp) = (Ownership(of: job), intent.stamp)
        return isNamed(job) && owner.project == stamp.projectID
            && owner.isSameBuild(as: stamp) && owner.epoch == stamp.epoch
    }

    private func isNamed(_ job: JSONValue) -> Bool { job["metadata"]?["name"]?.string == name }

    /// The Job in the place of this one, whoever made it, if there is one.
    func named() async throws -> [JSONValue] {
        do {
            return [try await client.send(ClusterRequest(.get, .job, namespace: intent.namespace, name: name)).object]
        } catch let failure as BuildFailure where failure.code == .notFound {
            return []
        }
    }

    /// The project's Jobs.
    private func jobs() async throws -> [JSONValue] {
        let label = "\(Manifests.projectLabel)=\(LabelValue.make(intent.stamp.projectID))"
        let list = ClusterRequest(.list, .job, namespace: intent.namespace, query: [("labelSelector", label)])
        let jobs = try await client.send(list).object["items"]?.array ?? []
        return jobs.filter { Ownership(of: $0).project == intent.stamp.projectID && !isNamed($0) }
    }

    /// Who has deleted the Job under its command: a newer build or attempt, whose own Job comes when this one is gone, or somebody else.
    func failureOfDeleted(_ own: OwnJob) async throws -> BuildFailure {
        let place = "The release command's Job '\(name)' in namespace '\(intent.namespace)' was deleted while it ran"
        var end = ContinuousClock.now + Self.leaving
        var isGone = false
        while ContinuousClock.now < end {
            let jobs = try await jobs() + named()
            if jobs.contains(where: isNewer) {
                return BuildFailure(
                    .cancelled,
                    .superseded,
                    operation: "kubernetes.release",
                    message: "\(place), by a newer build or attempt, which runs its own."
                )
            }
            if !isGone, !jobs.contains(where: own.isSame) {
                (isGone, end) = (true, ContinuousClock.now + Self.arrival)
            }
            try await client.pause(
                for: .milliseconds(250),
                in: ClusterRequest(.list, .job, namespace: intent.namespace)
            )
        }
        return BuildFailure(
            .platform,
            .releaseFailed,
            operation: "kubernetes.release",
            message: "\(place), by somebody or with its namespace, so the new version was not rolled out."
        )
    }

    private func isNewer(_ job: JSONValue) -> Bool {
        let request = ClusterRequest(.get, .job, namespace: intent.namespace, name: name)
        do {
            try Ownership(of: job).check(intent.stamp, request)
            return false
        } catch {
            return true
        }
    }

    private func waitUntilGone(_ job: JSONValue, _ request: ClusterRequest) async throws {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < Self.leaving {
            do {
                guard OwnJob(job, request.name).isSame(try await client.send(request).object) else { return }
            } catch let failure as BuildFailure where failure.code == .notFound {
                return
            }
            try await client.pause(for: .milliseconds(250), in: request)
        }
        throw BuildFailure(
            .platform,
            .releaseFailed,
            operation: "kubernetes.release",
            message:
                "The \(request.subject) of an earlier build or attempt was deleted and does not go; its node may be lost. "
                + "See kubectl -n \(request.namespace) describe job \(request.name).",
            isRetryable: true
        )
    }
}
