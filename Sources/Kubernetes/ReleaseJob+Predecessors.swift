internal import BuildModel

extension ReleaseJob {
    /// How long a Job that was deleted may take to be gone: its pod is given half a minute to end.
    private static let leaving = Duration.seconds(90)

    /// How long a newer attempt may take to make its own Job when the one in its way is gone.
    private static let arrival = Duration.seconds(10)

    /// Ends what earlier attempts and older builds of the project have left running, so that no two release commands of it run at once.
    ///
    /// - Throws: `BuildFailure` with code `superseded` or `stale_epoch` if a newer one runs.
    func makeWay(_ confirm: @escaping @Sendable () async throws -> Void) async throws {
        for job in try await running() {
            let (name, build) = (job["metadata"]?["name"]?.string ?? "", Ownership(of: job).build ?? "")
            let request = ClusterRequest(.get, .job, namespace: intent.namespace, name: name)
            try Ownership(of: job).check(intent.stamp, request)
            do {
                // In the foreground: it is there until its pod is gone.
                _ = try await client.send(
                    Self.deletion(of: name, in: intent.namespace, "Foreground"),
                    confirm: confirm
                )
            } catch let failure as BuildFailure where failure.code == .notFound {
                continue
            }
            log.say("Deleted the Job '\(name)', which build '\(build.prefix(128))' has left running.", .deploying)
            try await waitUntilGone(request)
        }
    }

    /// The project's Jobs that are not at their end, except for this attempt's own.
    func running() async throws -> [JSONValue] {
        try await jobs().filter { $0["metadata"]?["name"]?.string != name && ReleaseWait.ending(of: $0) == nil }
    }

    /// The project's Jobs.
    private func jobs() async throws -> [JSONValue] {
        let label = "\(Manifests.projectLabel)=\(LabelValue.make(intent.stamp.projectID))"
        let list = ClusterRequest(.list, .job, namespace: intent.namespace, query: [("labelSelector", label)])
        let jobs = try await client.send(list).object["items"]?.array ?? []
        return jobs.filter { Ownership(of: $0).project == intent.stamp.projectID }
    }

    /// Who has deleted the Job under its command: a newer build or attempt, whose own Job comes when this one is gone, or somebody else.
    func failureOfDeleted() async throws -> BuildFailure {
        let place = "The release command's Job '\(name)' in namespace '\(intent.namespace)' was deleted while it ran"
        var end = ContinuousClock.now + Self.leaving
        var isGone = false
        while ContinuousClock.now < end {
            let jobs = try await jobs()
            if jobs.contains(where: isNewer) {
                return BuildFailure(
                    .cancelled,
                    .superseded,
                    operation: "kubernetes.release",
                    message: "\(place), by a newer build or attempt, which runs its own."
                )
            }
            if !isGone, !jobs.contains(where: { $0["metadata"]?["name"]?.string == name }) {
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

    private func waitUntilGone(_ request: ClusterRequest) async throws {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < Self.leaving {
            do {
                _ = try await client.send(request)
            } catch let failure as BuildFailure where failure.code == .notFound {
                return
            }
            try await client.pause(for: .milliseconds(250), in: request)
        }
        throw BuildFailure(
            .platform,
            .releaseFailed,
            operation: "kubernetes.release",
            message: "The \(request.subject) of an earlier attempt was deleted and does not go; its node may be lost. "
                + "See kubectl -n \(request.namespace) describe job \(request.name).",
            isRetryable: true
        )
    }
}
