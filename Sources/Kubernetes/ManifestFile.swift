package import BuildModel
internal import Documents
internal import Platform
internal import Synchronization

/// Files of manifests that somebody else applies, one for each Deployment.
package enum ManifestFile {
    private static let turn = Mutex(())

    /// Writes an intent's manifests as `DIRECTORY/NAMESPACE/NAME.yaml`, by the name of its Deployment.
    ///
    /// - Returns: the path.
    /// - Throws: `BuildFailure`: `superseded` or `stale_epoch` where a newer build has been there, `deployment_conflict` for a file that is
    ///   not this project's, or what the file system says.
    package static func write(_ intent: DeploymentIntent, in directory: String) throws(BuildFailure) -> String {
        let folder = "\(directory)/\(intent.namespace)"
        let name = Manifests.deployment(intent)["metadata"]?["name"]?.string ?? intent.name
        let path = "\(folder)/\(name).yaml"
        try Directories.create(folder)
        // Reading, comparing and writing are one step for the builds of this process.
        try turn.withLock { _ throws(BuildFailure) in
            if Files.exists(path) { try check(path, name, intent) }
            try Files.writeAtomically(Array(Manifests.rendered(intent).utf8), to: path)
        }
        return path
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
