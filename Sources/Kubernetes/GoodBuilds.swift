internal import BuildModel

/// The versions of a project whose rollouts came to a good end, newest first: what a rollback may go back to. Kept as an annotation of the
/// Deployment.
struct GoodBuilds {
    /// The cluster keeps the templates of ten former versions by itself (`revisionHistoryLimit`).
    static let limit = 10

    private(set) var versions: [AppVersion]

    init(of deployment: JSONValue?) {
        let text = deployment?["metadata"]?["annotations"]?[Manifests.Annotation.goodBuilds]?.string ?? ""
        versions = text.split(separator: ",").map { AppVersion($0) }
    }

    mutating func add(_ version: AppVersion) {
        versions = Array(([version] + before(version)).prefix(Self.limit))
    }

    /// Forgets what is newer than `version`: whoever went back to it does not want those again.
    mutating func goBack(to version: AppVersion) {
        if let index = versions.firstIndex(where: version.matches) { versions.removeFirst(index) } else { add(version) }
    }

    /// Those to go back to from `version`, newest first.
    func before(_ version: AppVersion?) -> [AppVersion] {
        versions.filter { version?.matches($0) != true }
    }

    /// Those that are older than `version`, which was gone back to: noting that newer ones are not wanted may have failed then.
    func older(than version: AppVersion?) -> [AppVersion] {
        guard let version, let index = versions.firstIndex(where: version.matches) else { return before(version) }
        return versions[(index + 1)...].filter { !version.matches($0) }
    }

    /// Adds them to a manifest's annotations.
    func stamped(on manifest: JSONValue) -> JSONValue {
        guard !versions.isEmpty else { return manifest }
        return manifest.annotated(Manifests.Annotation.goodBuilds, versions.map(\.text).joined(separator: ","))
    }
}

extension JSONValue {
    /// The object with one more annotation.
    func annotated(_ name: String, _ value: String) -> JSONValue {
        var object = self
        var metadata = object["metadata"] ?? [:]
        var annotations = metadata["annotations"] ?? [:]
        annotations[name] = .string(value)
        metadata["annotations"] = annotations
        object["metadata"] = metadata
        return object
    }
}
