package import BuildModel
internal import Platform

extension WorkerSettings {
    /// `registries`: where images come from and go to.
    package struct Registries: Sendable, Hashable {
        /// `host[:port][/path]` for images whose request names no place.
        package var push: String
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
        package var namespace: String
        /// The value of the label `platform`.
        package var platform: String
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
        let repository = Self.fitting(projectID, maximum: 128, separators: "") { ("a"..."z").contains($0) }
        let tag = Self.fitting(deploymentID, maximum: 128, separators: "_.-") { character in
            ("a"..."z").contains(character) || ("A"..."Z").contains(character)
        }
        return try ImageReference(parsing: "\(push)/\(repository):\(tag)")
    }

    /// The id itself if every character is fine and its separators stand alone between others, else a form that is.
    private static func fitting(
        _ id: String,
        maximum: Int,
        separators: String,
        isLetter: (Character) -> Bool
    ) -> String {
        var text = ""
        var endsWithSeparator = true
        for character in id {
            if isLetter(character) || ("0"..."9").contains(character) {
                text.append(character)
                endsWithSeparator = false
            } else if separators.contains(character), !text.isEmpty {
                text.append(character)
            } else if "._-".contains(character), !endsWithSeparator {
                text.append(character)
                endsWithSeparator = true
            } else if let lowered = character.lowercased().first, isLetter(lowered) {
                text.append(lowered)
                endsWithSeparator = false
            } else if !endsWithSeparator {
                text.append("-")
                endsWithSeparator = true
            }
        }
        let isSame = text == id && !(separators.isEmpty && endsWithSeparator) && id.utf8.count <= maximum
        guard !isSame else { return id }
        while let last = text.last, "._-".contains(last) { text.removeLast() }
        return (text.isEmpty ? "" : text.prefix(maximum - 13) + "-") + Digest(of: id).short
    }
}
