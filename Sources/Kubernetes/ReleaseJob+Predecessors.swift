internal import BuildModel

extension ReleaseJob {
    /// How long a Job that was deleted may take to be gone: its pod is given half a minute to end.
    private static let leaving = Duration.seconds(90)

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
        let label = "\(Manifests.projectLabel)=\(LabelValue.make(intent.stamp.projectID))"
        let list = ClusterRequest(.list, .job, namespace: intent.namespace, query: [("labelSelector", label)])
        let jobs = try await client.send(list).object["items"]?.array ?? []
        return jobs.filter { job in
            let isOurs = Ownership(of: job).project == intent.stamp.projectID
            return isOurs && job["metadata"]?["name"]?.string != name && ReleaseWait.ending(of: job) == nil
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
