package import BuildModel

extension Deployer {
    /// Brings a former build of a project back, with everything that was applied for it, and waits for it.
    ///
    /// - Parameters:
    ///   - build: its id; nil for the last good one before what is there now.
    ///   - stamp: of the rollback itself, which is newer than any build before it.
    /// - Returns: what was applied, and the build that it is.
    /// - Throws: `BuildFailure`: `not_found` if there is no such Deployment, no good build, or the cluster no longer has what was applied
    ///   for it; else as `deploy`.
    package func rollBack(
        to build: String? = nil,
        as stamp: BuildStamp,
        confirm: @escaping @Sendable () async throws -> Void,
        log: any BuildLog
    ) async throws -> (applied: AppliedDeployment, build: String) {
        do {
            try DeploymentIntent.check(client.settings)
            try await preflight.check(Preflight.rollbackRights(in: client.settings.namespace))
            let writer = FencedWriter(client: client, stamp: stamp, confirm: confirm)
            let live = try await live(writer)
            let current = FormerVersion.build(of: live)
            // A later attempt of the same rollback goes where the first one went, and not one further.
            let begun = Ownership(of: live).build == stamp.deploymentID ? FormerVersion.restored(by: live) : nil
            guard let target = build ?? begun ?? GoodBuilds(of: live).before(current).first else {
                throw Self.missing(
                    "No build of project '\(stamp.projectID)' before the present one is known to be good."
                )
            }
            return (try await restore(target, over: live, writer, log), target)
        } catch {
            throw BuildFailure(error, operation: "kubernetes.rollback")
        }
    }

    /// The Deployment of the project that builds take turns in.
    func live(_ writer: FencedWriter) async throws -> JSONValue {
        let (namespace, project) = (client.settings.namespace, writer.stamp.projectID)
        guard let name = client.settings.template.name(of: .deployment, project: project, client.settings)
        else {
            throw BuildFailure(
                .platform,
                .invalidConfiguration,
                operation: "kubernetes.rollback",
                message:
                    "By \(client.settings.template.origin) each build has a Deployment of its own, so there is nothing to bring "
                    + "back: point traffic to the Service of the build that is wanted."
            )
        }
        guard let live = try await writer.check(.deployment, namespace, name) else {
            throw Self.missing("There is no Deployment '\(name)' in namespace '\(namespace)' to roll back.")
        }
        return live
    }

    /// Applies what was applied for a former build, and waits until it is up.
    func restore(
        _ build: String,
        over live: JSONValue,
        _ writer: FencedWriter,
        _ log: any BuildLog
    ) async throws -> AppliedDeployment {
        let (namespace, name) = (client.settings.namespace, live["metadata"]?["name"]?.string ?? "")
        let version = try await FormerVersion.find(build, of: live, namespace, name, client)
        log.say("Going back to build '\(build)'.", .deploying)
        let objects = version.objects(as: writer.stamp)
        var written: JSONValue = .null
        for object in objects where object.kind == .deployment {
            written = try await write(object, namespace, writer, log) { found in
                var builds = GoodBuilds(of: found)
                builds.goBack(to: build)
                return builds.stamped(on: object.manifest)
            }
        }
        let applied = try AppliedDeployment(written, writer.stamp)
        try await applyServices(objects, namespace, writer, log)
        try await RolloutWait(client: client, applied: applied, podBuild: build, log: log).run()
        try await settleIngress(objects, of: applied, writer, log)
        return applied
    }

    static func missing(_ message: String) -> BuildFailure {
        BuildFailure(.platform, .notFound, operation: "kubernetes.rollback", message: message)
    }
}
