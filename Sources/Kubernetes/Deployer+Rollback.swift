package import BuildModel

extension Deployer {
    /// Brings a former build of a project back, with everything that was applied for it, and waits for it. If it does not come up, what
    /// ran before is brought back, and what is known to be good is as it was.
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
            let target = try target(build, live, stamp)
            let begun = try await beginRestoring(target, over: live, wanted: target, writer, log)
            do {
                try await finish(begun, writer, log)
            } catch let failure as BuildFailure where failure.isVerdict || failure.isRefusal {
                let former = FormerVersion.version(of: live)
                throw await goingBack(after: failure, from: former, wanted: target, writer, log)
            }
            return (begun.applied, target.build)
        } catch {
            throw BuildFailure(error, operation: "kubernetes.rollback")
        }
    }

    /// The version that a rollback goes to.
    private func target(_ build: String?, _ live: JSONValue, _ stamp: BuildStamp) throws(BuildFailure) -> AppVersion {
        // A later attempt of the same rollback goes where the first one went, and not one further.
        if Ownership(of: live).build == stamp.deploymentID, let begun = FormerVersion.wanted(by: live),
            build == nil || build == begun.build
        {
            return begun
        }
        let (builds, present) = (GoodBuilds(of: live), FormerVersion.version(of: live))
        // Of a build that was deployed more than once, another deployment than the present one is meant.
        if let build { return builds.before(present).first { $0.build == build } ?? AppVersion(build: build) }
        if let last = builds.older(than: present).first { return last }
        throw Self.missing("No build of project '\(stamp.projectID)' before the present one is known to be good.")
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

    static func missing(_ message: String) -> BuildFailure {
        BuildFailure(.platform, .notFound, operation: "kubernetes.rollback", message: message)
    }
}
