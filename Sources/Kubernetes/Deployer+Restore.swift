internal import BuildModel

extension Deployer {
    /// A former version that was applied again, and may not be up yet.
    struct Restoration {
        var version: AppVersion
        var objects: [ManifestObject]
        var applied: AppliedDeployment
    }

    /// Applies what was applied for a former version, and waits until it is up.
    ///
    /// - Parameter wanted: what a rollback has set out for; nil if none was asked for.
    func restore(
        _ version: AppVersion,
        over live: JSONValue,
        wanted: AppVersion?,
        _ writer: FencedWriter,
        _ log: any BuildLog
    ) async throws {
        let begun = try await beginRestoring(version, over: live, wanted: wanted, writer, log)
        try await finish(begun, writer, log)
    }

    /// Applies the Deployment of a former version.
    func beginRestoring(
        _ version: AppVersion,
        over live: JSONValue,
        wanted: AppVersion?,
        _ writer: FencedWriter,
        _ log: any BuildLog
    ) async throws -> Restoration {
        let (namespace, name) = (client.settings.namespace, live["metadata"]?["name"]?.string ?? "")
        let former = try await FormerVersion.find(version, of: live, namespace, name, client)
        log.say("Going back to build '\(version.build)'.", .deploying)
        let objects = former.objects(as: writer.stamp, wanted: wanted)
        var written: JSONValue = .null
        for object in objects where object.kind == .deployment {
            written = try await write(object, namespace, writer, log) { found in
                GoodBuilds(of: found).stamped(on: object.manifest)
            }
        }
        var applied = try AppliedDeployment(written, writer.stamp)
        // An attempt before this one may have changed the spec, and what the status says may be about the version that failed.
        applied.isNewSpec = true
        return Restoration(version: former.version, objects: objects, applied: applied)
    }

    /// Applies the rest, waits until it is up, and only then forgets the versions that were newer.
    func finish(_ begun: Restoration, _ writer: FencedWriter, _ log: any BuildLog) async throws {
        let applied = begun.applied
        try await applyServices(begun.objects, applied.namespace, writer, log)
        try await RolloutWait(client: client, applied: applied, podBuild: begun.version.build, log: log).run()
        try await settleIngress(begun.objects, of: applied, writer, log)
        await markRestored(begun, writer, log)
    }

    /// Notes on the Deployment that this version is the newest one to go back to. The app runs whether or not this succeeds.
    private func markRestored(_ begun: Restoration, _ writer: FencedWriter, _ log: any BuildLog) async {
        do {
            for object in begun.objects where object.kind == .deployment {
                _ = try await writer.write(.deployment, begun.applied.namespace, object.name) { found in
                    var builds = GoodBuilds(of: found)
                    builds.goBack(to: begun.version)
                    return builds.stamped(on: object.manifest)
                }
            }
        } catch {
            let failure = BuildFailure(error, operation: "kubernetes.rollback")
            log.say("Warning: could not note that newer builds are not to be gone back to: \(failure)", .deploying)
        }
    }
}
