package import BuildModel
internal import Platform

extension WorkerSettings {
    /// `registries`: where images come from and go to.
    package struct Registries: Sendable, Hashable {
        /// `host[:port][/path]` for images whose request names no place.
        package var push: String
        /// Prefixes of images whose layers are packed by zstd.
        package var zstd: [String]
        /// Prefixes of images that repositories may name, read with the worker's credentials.
        package var openImages: [String]
        /// Ordered prefixes that are asked first, by registry host.
        package var mirrors: [String: [String]]
        /// Directories of OCI layouts with base images, looked at before any registry.
        package var layouts: [String]
        package var plainHTTP: [String]
        /// PEM files by registry host.
        package var certificateAuthorityFiles: [String: String]
        package var credentials: [Credential]
        /// Files in the form of docker's config.json, in order; they need not be there.
        package var credentialFiles: [String]
        /// PEM files with certificate, chain and key by registry host.
        package var clientCertificateFiles: [String: String]
        package var insecure: [String]
        package var hiddenTLS: [String]
        /// The most bytes of one request of an upload, by registry host.
        package var chunkBytes: [String: Int64]
    }

    /// `kubernetes`: the cluster.
    package struct Kubernetes: Sendable, Hashable {
        package var isEnabled: Bool
        package var kubeconfig: String?
        package var context: String?
        /// Nil for the one of the kubeconfig's context or of the worker's pod.
        package var namespace: String?
        /// The file of what is applied; nil for what is built in.
        package var template: String?
        /// The value of the label `platform`.
        package var platform: String
        package var rolloutLimit: Duration
        package var progressDeadline: Duration
        /// Whether a rollout that failed brings the last good build back.
        package var rollsBack: Bool
        /// Whether what a changed template does not make any more is deleted.
        package var prunes: Bool
        package var imagePullSecrets: [String]
        package var ingressClass: String?
        package var ingressAnnotations: [String: String]
        package var createsNamespace: Bool
        /// Where manifests go that are only rendered.
        package var renderDirectory: String?
    }
}

extension WorkerSettings.Registries {
    /// The reference to push to for a request that names none: `<push>/<projectId>:<deploymentId>`.
    ///
    /// Ids may hold what a repository or tag may not (capitals, colons): such an id is made to fit and gets a part of its
    /// own sha256, so that two ids never share a name.
    ///
    /// - Throws: `BuildFailure` with code `invalid_reference` if the whole is too long.
    package func defaultImage(projectID: String, deploymentID: String) throws(BuildFailure) -> ImageReference {
        let repository = Self.isRepository(projectID) ? projectID : Self.fitting(projectID.lowercased(), of: projectID)
        let tag = Self.isTag(deploymentID) ? deploymentID : Self.fitting(deploymentID, of: deploymentID)
        return try ImageReference(parsing: "\(push)/\(repository):\(tag)")
    }

    private static func isRepository(_ id: String) -> Bool {
        let reference = try? ImageReference(parsing: "localhost/\(id)")
        return reference?.repository == id && !id.contains("/")
    }

    private static func isTag(_ id: String) -> Bool { (try? ImageReference(parsing: "localhost/x:\(id)"))?.tag == id }

    /// Letters and digits with one `-` for whatever is between them, and the mark of the id that it stands for.
    private static func fitting(_ text: String, of id: String) -> String {
        let parts = text.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        let words = parts.joined(separator: "-").prefix(100)
        return (words.isEmpty ? "" : words + "-") + Digest(of: id).short
    }
}
