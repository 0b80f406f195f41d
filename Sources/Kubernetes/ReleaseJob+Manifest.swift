internal import BuildModel
internal import Platform

extension ReleaseJob {
    var manifest: JSONValue { ReleaseManifest(intent: intent, command: command).job(name, lifetime: 86400) }
}

/// The Job of a release command.
struct ReleaseManifest {
    let intent: DeploymentIntent
    let command: [String]

    /// How much longer the cluster lets the Job run than whoever waits for it: it ends one whose worker is gone.
    private static let grace: Int64 = 60

    /// For somebody else to apply: with a name that changes with what the Job does, since it can never be changed, and there until it is
    /// deleted, since whoever keeps a cluster to what files say would make it again.
    var rendered: JSONValue {
        let key = "\(intent.stamp.deploymentID) \(pod.canonicalText)"
        return job("\(intent.name)-release-\(Digest(of: key).hex.prefix(8))", lifetime: nil)
    }

    /// - Parameter lifetime: for how many seconds the Job is there after its end; nil for ever.
    func job(_ name: String, lifetime: Int64?) -> JSONValue {
        var job: JSONValue = [
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": [
                "name": .string(name), "namespace": .string(intent.namespace),
                "labels": Manifests.strings(Manifests.commonLabels(intent)),
                "annotations": .object(Manifests.annotations(intent.stamp)),
            ],
            "spec": [
                "backoffLimit": 0,
                "activeDeadlineSeconds": .integer(intent.settings.rolloutLimit.components.seconds + Self.grace),
                "template": ["metadata": ["labels": Manifests.strings(podLabels)], "spec": pod],
            ],
        ]
        if let lifetime {
            var spec = job["spec"] ?? [:]
            spec["ttlSecondsAfterFinished"] = .integer(lifetime)
            job["spec"] = spec
        }
        return job
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
    private var podLabels: [String: String] {
        let selected = Manifests.objects(intent).flatMap { object in
            let selector = object.manifest["spec"]?["selector"]
            return Array((selector?["matchLabels"] ?? selector)?.object?.keys ?? [:].keys)
        }
        return Manifests.commonLabels(intent).filter { !selected.contains($0.key) }
    }
}
