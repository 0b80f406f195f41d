internal import BuildModel
internal import Platform

/// The release command of a build, such as a migration of its database: a Job with the new image that has to succeed before the new
/// version is rolled out. It does not outlive whoever waits for it, as far as that can be had: it is deleted when the build is cancelled
/// or runs out of time, and by the next attempt or build of the project.
struct ReleaseJob: Sendable {
    let client: ClusterClient
    let intent: DeploymentIntent
    let command: [String]
    let log: any BuildLog
    private static let rounds = 20

    /// The same for all builds of a project: the cluster makes one Job of a name at most, so that no two release commands of a project
    /// can run at once.
    var name: String { Self.name(for: intent) }

    static func name(for intent: DeploymentIntent) -> String { "\(intent.name)-release" }

    /// Runs the command to its end; one that this attempt has run already is not run again.
    ///
    /// - Throws: `BuildFailure` with code `release_failed` if it did not succeed, after its last lines were shown; `image_pull_failed`,
    ///   `unschedulable` or `limit_exceeded` if it could not start; `superseded` if a newer build or attempt runs its own.
    func run(_ confirm: @escaping @Sendable () async throws -> Void) async throws {
        log.say("Release command: \(PlainText.line(command.joined(separator: " "), limit: 400))", .deploying)
        var isSent = false
        do {
            let own = try await make(confirm, isSent: &isSent)
            if ReleaseWait.ending(of: own) != nil { log.say("It has run already under this lease.", .deploying) }
            try await wait(for: OwnJob(own, name))
        } catch let ended as ReleaseEnded {
            // The Job stays for a day, or until the next one, to be looked at.
            throw ended.failure
        } catch {
            if isSent { await remove() }
            throw error
        }
        log.say("Release command done.", .deploying)
    }

    private func wait(for own: OwnJob) async throws {
        do {
            let wait = ReleaseWait(client: client, namespace: intent.namespace, own: own, log: log)
            if let failure = try await wait.run() { throw ReleaseEnded(failure: failure) }
        } catch is ReleaseWait.Deleted {
            throw ReleaseEnded(failure: try await failureOfDeleted(own))
        }
    }

    /// Makes the Job, in the place of older ones; returns it as the cluster has it.
    ///
    /// - Parameter isSent: whether it may be there.
    private func make(
        _ confirm: @escaping @Sendable () async throws -> Void,
        isSent: inout Bool
    ) async throws -> JSONValue {
        let request = ClusterRequest(.create, .job, namespace: intent.namespace, name: name, body: manifest)
        for _ in 0..<Self.rounds {
            if let own = try await makeWay(confirm) {
                isSent = true
                return own
            }
            do {
                isSent = true
                let reply = try await client.send(request, confirm: confirm)
                for warning in reply.warnings { log.say("The cluster warns: \(warning)", .deploying) }
                return reply.object
            } catch let failure as BuildFailure where failure.code == .objectChanged {
                // Another one was made first, or the reply to an earlier sending was lost: whose it is has to be looked at.
            }
        }
        throw BuildFailure(
            .platform,
            .objectChanged,
            operation: "kubernetes.release",
            message: "The \(request.subject) was made by others again and again.",
            isRetryable: true
        )
    }

    /// Deletes this attempt's Job, which is there until its pod is gone, whatever has ended the wait: also when the build's task is
    /// cancelled, but not for long.
    private func remove() async {
        let (client, log, name) = (client.impatient, log, name)
        do {
            let isDeleted = try await withoutCancellation {
                let get = ClusterRequest(.get, .job, namespace: intent.namespace, name: name)
                let found = try await client.send(get).object
                guard isOwn(found) else { return false }
                _ = try await client.send(Self.deletion(of: found, in: intent.namespace, "Foreground"))
                return true
            }
            if isDeleted { log.say("Deleted the release command's Job '\(name)'.", .deploying) }
        } catch let failure as BuildFailure where [.notFound, .objectChanged].contains(failure.code) {
            return
        } catch {
            let failure = BuildFailure(error, operation: "kubernetes.release")
            log.say("Warning: the release command's Job '\(name)' could not be deleted: \(failure)", .deploying)
        }
    }

    /// Deletes a Job that was read, and none of the same name that was made since.
    static func deletion(of job: JSONValue, in namespace: String, _ propagation: String) -> ClusterRequest {
        let metadata = job["metadata"]
        let options: JSONValue = [
            "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": .string(propagation),
            "preconditions": ["uid": metadata?["uid"] ?? ""],
        ]
        let name = metadata?["name"]?.string ?? ""
        return ClusterRequest(.delete, .job, namespace: namespace, name: name, body: options)
    }
}

/// The Job has come to its end, or was taken away: there is none of ours to delete.
private struct ReleaseEnded: Error {
    var failure: BuildFailure
}
