internal import BuildModel
internal import Platform

/// The release command of a build, such as a migration of its database: a Job with the new image that has to succeed before the new
/// version is rolled out. It does not outlive whoever waits for it, as far as that can be had: it is deleted when the build is cancelled
/// or runs out of time, and by the next attempt or build of the project when its worker is gone.
struct ReleaseJob: Sendable {
    let client: ClusterClient
    let intent: DeploymentIntent
    let command: [String]
    let log: any BuildLog

    /// One for each attempt of each build: a Job's template can never be changed.
    var name: String {
        let key = "\(intent.stamp.deploymentID) \(intent.stamp.epoch) \(intent.stamp.queuedAt)"
        return "\(intent.name)-release-\(Digest(of: key).hex.prefix(8))"
    }

    /// Runs the command to its end.
    ///
    /// - Throws: `BuildFailure` with code `release_failed` if it did not succeed, after its last lines were shown; `image_pull_failed`,
    ///   `unschedulable` or `limit_exceeded` if it could not start; `superseded` if a newer build or attempt runs its own.
    func run(_ confirm: @escaping @Sendable () async throws -> Void) async throws {
        log.say("Release command: \(PlainText.line(command.joined(separator: " "), limit: 400))", .deploying)
        try await makeWay(confirm)
        do {
            try await create(confirm)
            let wait = ReleaseWait(client: client, namespace: intent.namespace, name: name, log: log)
            if let failure = try await wait.run() { throw ReleaseEnded(failure: failure) }
        } catch let ended as ReleaseEnded {
            // The Job stays for a day, to be looked at.
            throw ended.failure
        } catch is ReleaseWait.Deleted {
            throw try await failureOfDeleted()
        } catch {
            await remove()
            throw error
        }
        log.say("Release command done.", .deploying)
    }

    private func create(_ confirm: @escaping @Sendable () async throws -> Void) async throws {
        do {
            let request = ClusterRequest(.create, .job, namespace: intent.namespace, name: name, body: manifest)
            let warnings = try await client.send(request, confirm: confirm).warnings
            for warning in warnings { log.say("The cluster warns: \(warning)", .deploying) }
        } catch let failure as BuildFailure where failure.code == .objectChanged {
            // It is there: the reply to an earlier sending was lost.
        }
    }

    /// Deletes the Job and its pod, whatever has ended the wait: also when the build's task is cancelled, but not for long. The name is
    /// this attempt's alone, so nobody else's is deleted.
    private func remove() async {
        let request = Self.deletion(of: name, in: intent.namespace, "Background")
        let (client, log, name) = (client.impatient, log, name)
        do {
            _ = try await withoutCancellation { try await client.send(request) }
            log.say("Deleted the release command's Job '\(name)'.", .deploying)
        } catch let failure as BuildFailure where failure.code == .notFound {
            return
        } catch {
            let failure = BuildFailure(error, operation: "kubernetes.release")
            log.say("Warning: the release command's Job '\(name)' could not be deleted: \(failure)", .deploying)
        }
    }

    static func deletion(of name: String, in namespace: String, _ propagation: String) -> ClusterRequest {
        let options: JSONValue = [
            "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": .string(propagation),
        ]
        return ClusterRequest(.delete, .job, namespace: namespace, name: name, body: options)
    }
}

/// The Job has come to its end by itself.
private struct ReleaseEnded: Error {
    var failure: BuildFailure
}
