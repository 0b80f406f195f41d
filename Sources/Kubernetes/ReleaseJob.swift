internal import BuildModel
internal import Platform

/// The release command of a build, such as a migration of its database: a Job with the new image that has to succeed before the new
/// version is rolled out.
struct ReleaseJob: Sendable {
    let client: ClusterClient
    let intent: DeploymentIntent
    let command: [String]
    let log: any BuildLog

    /// One for each attempt of each build: a Job's template can never be changed.
    private var name: String {
        let key = "\(intent.stamp.deploymentID) \(intent.stamp.epoch) \(intent.stamp.queuedAt)"
        return "\(intent.name)-release-\(Digest(of: key).hex.prefix(8))"
    }

    /// Runs the command to its end.
    ///
    /// - Throws: `BuildFailure` with code `release_failed` if it did not succeed, after its last lines were shown.
    func run(_ confirm: @escaping @Sendable () async throws -> Void) async throws {
        log.say("Release command: \(PlainText.line(command.joined(separator: " "), limit: 400))", .deploying)
        do {
            let request = ClusterRequest(.create, .job, namespace: intent.namespace, name: name, body: manifest)
            _ = try await client.send(request, confirm: confirm)
        } catch let failure as BuildFailure where failure.code == .objectChanged {
            // It is there: the reply to an earlier sending was lost.
        }
        try await wait()
        log.say("Release command done.", .deploying)
    }

    private func wait() async throws {
        let limit = client.settings.rolloutLimit
        let late = BuildFailure(
            .timedOut,
            .releaseFailed,
            operation: "kubernetes.release",
            message: "The release command was not done within \(Int(limit.seconds)) s (kubernetes.rolloutSeconds)."
        )
        let watch = ObjectWatch(client: client, kind: .job, namespace: intent.namespace, name: name)
        let ending = try await withDeadline(limit, failure: late) { try await Self.ending(of: watch) }
        guard let ending else { return }
        await showLog()
        throw BuildFailure(
            .code,
            .releaseFailed,
            operation: "kubernetes.release",
            message: "The release command failed, so the new version was not rolled out: \(ending)"
        )
    }

    /// Nil for success, else what the cluster says.
    private static func ending(of watch: ObjectWatch) async throws -> String? {
        let (endings, continuation) = AsyncThrowingStream<String?, any Error>.makeStream()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await watch.run { job in
                        guard let job else { return _ = continuation.yield("The Job was deleted.") }
                        for condition in job["status"]?["conditions"]?.array ?? []
                        where condition["status"]?.string == "True" {
                            if condition["type"]?.string == "Complete" { continuation.yield(nil) }
                            guard condition["type"]?.string == "Failed" else { continue }
                            continuation.yield(
                                PlainText.line(condition["message"]?.string ?? "no reason given", limit: 400)
                            )
                        }
                    }
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            defer { group.cancelAll() }
            for try await ending in endings { return ending }
            throw BuildFailure.cancelled(operation: "kubernetes.release")
        }
    }

    private func showLog() async {
        let pods = RolloutPods(client: client, namespace: intent.namespace, labels: ["job-name": name])
        do {
            for trouble in try await pods.troubles() {
                log.say("Release: \(trouble.words)", .deploying)
                guard let container = trouble.crashedContainer else { continue }
                for line in try await pods.lastLines(of: trouble, container: container) {
                    log.write(line, stream: .stderr, phase: .deploying)
                }
            }
        } catch {
            let failure = BuildFailure(error, operation: "kubernetes.release")
            log.say("Could not look at the release command's pod: \(failure)", .deploying)
        }
    }

    var manifest: JSONValue {
        let labels = Manifests.strings(labels)
        return [
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": [
                "name": .string(name), "namespace": .string(intent.namespace), "labels": labels,
                "annotations": .object(Manifests.annotations(intent.stamp)),
            ],
            "spec": [
                "backoffLimit": 0,
                "activeDeadlineSeconds": .integer(max(1, client.settings.rolloutLimit.components.seconds)),
                "ttlSecondsAfterFinished": 86400,
                "template": ["metadata": ["labels": labels], "spec": pod],
            ],
        ]
    }

    /// The app's pod with the release command in the place of the app, and nothing beside it.
    private var pod: JSONValue {
        var pod = Manifests.deployment(intent)["spec"]?["template"]?["spec"] ?? [:]
        let image = JSONValue.string(intent.image.description)
        var container = pod["containers"]?.array?.first { $0["image"] == image } ?? [:]
        for name in ["args", "ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"] {
            container[name] = nil
        }
        container["name"] = "release"
        container["command"] = Manifests.words(command)
        pod["containers"] = [container]
        pod["initContainers"] = nil
        pod["restartPolicy"] = "Never"
        return pod
    }

    /// None by which the Deployment or the Service would take the pod for one of the app's.
    private var labels: [String: String] {
        let selected = Manifests.objects(intent).flatMap { object in
            let selector = object.manifest["spec"]?["selector"]
            return Array((selector?["matchLabels"] ?? selector)?.object?.keys ?? [:].keys)
        }
        return Manifests.commonLabels(intent).filter { !selected.contains($0.key) }
    }
}
