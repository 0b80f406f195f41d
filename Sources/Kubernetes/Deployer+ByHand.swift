internal import BuildModel

extension Deployer {
    /// The intent of a deployment by hand: newer than what the project has in the cluster, also where this machine's clock is behind that
    /// of the queue.
    ///
    /// It is decided once, on what is there now. What the queue writes after that, and was asked for later, is still not overwritten.
    ///
    /// - Throws: `BuildFailure` if the cluster cannot be asked.
    package func following(_ intent: DeploymentIntent) async throws -> DeploymentIntent {
        var stamp = intent.stamp
        for object in Manifests.objects(intent) {
            let get = ClusterRequest(.get, object.kind, namespace: intent.namespace, name: object.name)
            stamp = try await following(stamp, get)
        }
        if intent.releaseCommand != nil {
            // That of a build whose release failed may be newer than anything that is up.
            let name = ReleaseJob.name(for: intent)
            stamp = try await following(stamp, ClusterRequest(.get, .job, namespace: intent.namespace, name: name))
        }
        return intent.stamped(stamp)
    }

    /// The same for a rollback.
    package func following(_ stamp: BuildStamp) async throws -> BuildStamp {
        let (template, namespace) = (client.settings.template, client.settings.namespace)
        guard let name = template.name(of: .deployment, project: stamp.projectID, client.settings) else { return stamp }
        return try await following(stamp, ClusterRequest(.get, .deployment, namespace: namespace, name: name))
    }

    /// An object of somebody else changes nothing: it is refused when it would be written over.
    private func following(_ stamp: BuildStamp, _ request: ClusterRequest) async throws -> BuildStamp {
        let found: Ownership
        do {
            found = Ownership(of: try await client.send(request).object)
        } catch let failure as BuildFailure where [.notFound, .forbidden].contains(failure.code) {
            return stamp
        }
        guard found.project == stamp.projectID else { return stamp }
        var later = stamp
        if let queuedAt = found.queuedAt, queuedAt < .max { later.queuedAt = max(stamp.queuedAt, queuedAt + 1) }
        if let epoch = found.epoch, epoch < .max { later.epoch = max(stamp.epoch, epoch + 1) }
        return later
    }
}
