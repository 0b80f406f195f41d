internal import BuildModel

extension Deployer {
    /// The intent's objects, after everything was looked at that they would be written over: an object of somebody else must not leave
    /// half a deployment behind.
    func prepare(_ intent: DeploymentIntent, _ writer: FencedWriter) async throws -> [ManifestObject] {
        do {
            try await makeNamespace(intent, writer.confirm)
            let objects = Manifests.objects(intent)
            for object in objects { _ = try await writer.check(object.kind, intent.namespace, object.name) }
            return objects
        } catch {
            throw BuildFailure(error, operation: "kubernetes.apply")
        }
    }

    func applyDeployment(
        _ objects: [ManifestObject],
        _ intent: DeploymentIntent,
        _ writer: FencedWriter,
        _ log: any BuildLog
    ) async throws -> AppliedDeployment {
        do {
            var written: JSONValue = .null
            var isTakenOver = false
            // As it was before the first try: where its answer was lost, a later one finds what it has written.
            var (isFirst, former) = (true, Int64?.none)
            for object in objects where object.kind == .deployment {
                written = try await write(object, intent.namespace, writer, log) { found in
                    isTakenOver = isTakenOver || found.map { isOfAttemptBefore($0, intent.stamp) } == true
                    if isFirst { (isFirst, former) = (false, found?["metadata"]?["generation"]?.integer) }
                    return noted(GoodBuilds(of: found), on: object.manifest, objects)
                }
            }
            var applied = try AppliedDeployment(written, intent.stamp)
            if isTakenOver || former != applied.generation { applied.isNewSpec = true }
            return applied
        } catch {
            throw BuildFailure(error, operation: "kubernetes.apply")
        }
    }

    /// Whether an attempt of the same build, of an older lease, has written the object, so that its rollout may have only begun.
    private func isOfAttemptBefore(_ found: JSONValue, _ stamp: BuildStamp) -> Bool {
        let owner = Ownership(of: found)
        return owner.isSameBuild(as: stamp) && (owner.epoch ?? 0) < stamp.epoch
    }

    /// The Deployment's manifest with what going back needs; where each build has a Deployment of its own, there is no going back.
    func noted(_ builds: GoodBuilds, on manifest: JSONValue, _ objects: [ManifestObject]) -> JSONValue {
        guard !client.settings.template.isPerBuild else { return manifest }
        let pods = AppVersion(build: "", manifest: manifest).pods ?? ""
        let named = manifest.annotated(Manifests.Annotation.pods, pods)
        return builds.stamped(on: KeptManifests.stamped(on: named, objects))
    }

    func applyServices(
        _ objects: [ManifestObject],
        _ namespace: String,
        _ writer: FencedWriter,
        _ log: any BuildLog
    ) async throws {
        for object in objects where object.kind == .service {
            _ = try await write(object, namespace, writer, log) { _ in object.manifest }
        }
    }

    /// Applies the Ingress among the objects; where there is none, deletes the one that the project had: only when the version that
    /// needs the change is up, so that a failed build changes nothing about the way to the app.
    func settleIngress(
        _ objects: [ManifestObject],
        of applied: AppliedDeployment,
        _ writer: FencedWriter,
        _ log: any BuildLog
    ) async throws {
        do {
            // A newer build may have taken over since, and have deleted the Ingress that this one would make again.
            _ = try await writer.check(.deployment, applied.namespace, applied.name)
            if let ingress = objects.first(where: { $0.kind == .ingress }) {
                _ = try await write(ingress, applied.namespace, writer, log) { _ in ingress.manifest }
            } else if let name = client.settings.template.name(
                of: .ingress,
                project: writer.stamp.projectID,
                client.settings
            ) {
                try await removeIngress(name, applied.namespace, writer, log)
            }
        } catch {
            throw BuildFailure(error, operation: "kubernetes.apply")
        }
    }

    /// Whoever may not look at an Ingress has none of ours.
    private func removeIngress(
        _ name: String,
        _ namespace: String,
        _ writer: FencedWriter,
        _ log: any BuildLog
    ) async throws {
        do {
            guard try await writer.remove(.ingress, namespace, name) else { return }
        } catch let failure as BuildFailure where [.forbidden, .deploymentConflict].contains(failure.code) {
            return
        }
        log.say("Deleted the Ingress '\(name)': the app has no domain any more.", .deploying)
    }

    func write(
        _ object: ManifestObject,
        _ namespace: String,
        _ writer: FencedWriter,
        _ log: any BuildLog,
        manifest: (JSONValue?) throws -> JSONValue
    ) async throws -> JSONValue {
        let written = try await writer.write(object.kind, namespace, object.name, manifest: manifest)
        for warning in written.warnings { log.say("The cluster warns: \(warning)", .deploying) }
        let request = ClusterRequest(.apply, object.kind, namespace: namespace, name: object.name)
        log.say("Applied the \(request.subject).", .deploying)
        return written.object
    }

    /// Makes the namespace if it is not there and the configuration wants that. It belongs to nobody in particular afterwards.
    func makeNamespace(_ intent: DeploymentIntent, _ confirm: @escaping @Sendable () async throws -> Void) async throws
    {
        guard client.settings.createsNamespace else { return }
        let name = intent.namespace
        do {
            _ = try await client.send(ClusterRequest(.get, .namespace, namespace: name, name: name))
        } catch let failure as BuildFailure where failure.code == .notFound {
            do {
                let manifest = Manifests.namespace(name)
                let request = ClusterRequest(.create, .namespace, namespace: name, name: name, body: manifest)
                _ = try await client.send(request, confirm: confirm)
            } catch let failure as BuildFailure where failure.code == .objectChanged {
                return
            }
        }
    }
}
