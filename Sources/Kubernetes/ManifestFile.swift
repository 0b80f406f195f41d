internal import BuildModel
internal import Documents
internal import Platform

/// Files of manifests that somebody else applies: one for each Deployment, and one for what has to be there before it.
package enum ManifestFile {
    /// How long the builds of other workers may take to write theirs.
    private static let patience = Duration.seconds(30)

    /// The paths of what was written.
    package struct Paths: Sendable, Hashable {
        package var manifests: String
        /// The release command's Job, which has to be complete before the manifests are applied.
        package var release: String?
        package var namespace: String?
    }

    /// Writes an intent's manifests as `DIRECTORY/NAMESPACE/NAME.yaml`, by the name of its Deployment; the release command's Job beside
    /// it as `NAME.release.yaml`, and the namespace, if the configuration makes it, as `DIRECTORY/NAMESPACE.yaml`. No name of an
    /// object has a dot. A Job of an earlier build is deleted where this one has none. The files are for their owner's eyes: they have the
    /// values of the app's variables.
    ///
    /// - Throws: `BuildFailure`: `superseded` or `stale_epoch` where a newer build has been there, `deployment_conflict` for a file that is
    ///   not this project's, or what the file system says.
    package static func write(_ intent: DeploymentIntent, in directory: String) async throws -> Paths {
        let folder = "\(directory)/\(intent.namespace)"
        let name = Manifests.deployment(intent)["metadata"]?["name"]?.string ?? intent.name
        let path = "\(folder)/\(name).yaml"
        var paths = Paths(manifests: path)
        if intent.settings.createsNamespace { paths.namespace = "\(folder).yaml" }
        if intent.releaseCommand != nil { paths.release = "\(folder)/\(name).release.yaml" }
        try Directories.create(folder)
        // Reading, comparing and writing are one step for all workers that have the directory.
        let lock = try await FileLock.take(
            "\(folder)/.\(name).lock",
            .exclusive,
            within: patience,
            operation: "kubernetes.render"
        )
        defer { try? lock.removeFile() }
        if Files.exists(path) { try check(path, name, intent) }
        if let path = paths.namespace { try write([Manifests.namespace(intent.namespace)], to: path) }
        if let path = paths.release, let job = Manifests.releaseJob(intent) { try write([job], to: path) }
        try write(Manifests.objects(intent).map(\.manifest), to: path)
        let former = "\(folder)/\(name).release.yaml"
        if paths.release == nil, Files.exists(former) { try Files.remove(former) }
        return paths
    }

    private static func write(_ manifests: [JSONValue], to path: String) throws(BuildFailure) {
        try Files.writeAtomically(Array(Manifests.rendered(manifests).utf8), to: path, mode: 0o600)
    }

    private static func check(_ path: String, _ name: String, _ intent: DeploymentIntent) throws(BuildFailure) {
        let documents = try? YAMLDocument.parseAll(try Files.read(path, limit: 16 << 20), name: path)
        guard let found = documents?.first?.json, Ownership(of: found).project == intent.stamp.projectID else {
            throw BuildFailure(
                .platform,
                .deploymentConflict,
                operation: "kubernetes.render",
                message: "The file '\(path)' is not from a build of project '\(intent.stamp.projectID)': move it away."
            )
        }
        let request = ClusterRequest(.apply, .deployment, namespace: intent.namespace, name: name)
        try Ownership(of: found).check(intent.stamp, request)
    }
}
