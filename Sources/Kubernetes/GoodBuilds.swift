internal import BuildModel

/// The builds of a project whose rollouts came to a good end, newest first: what a rollback may go back to. Kept as an annotation of the
/// Deployment.
struct GoodBuilds {
    /// The cluster keeps the templates of ten former versions by itself (`revisionHistoryLimit`).
    static let limit = 10

    private(set) var ids: [String]

    init(of deployment: JSONValue?) {
        let text = deployment?["metadata"]?["annotations"]?[Manifests.Annotation.goodBuilds]?.string ?? ""
        ids = text.split(separator: ",").map(String.init)
    }

    mutating func add(_ id: String) {
        ids = Array(([id] + ids.filter { $0 != id }).prefix(Self.limit))
    }

    /// Forgets what is newer than `id`: whoever goes back to it does not want those again.
    mutating func goBack(to id: String) {
        if let index = ids.firstIndex(of: id) { ids.removeFirst(index) } else { add(id) }
    }

    /// Those to go back to from `id`, newest first.
    func before(_ id: String?) -> [String] { ids.filter { $0 != id } }

    /// Adds them to a manifest's annotations.
    func stamped(on manifest: JSONValue) -> JSONValue {
        guard !ids.isEmpty else { return manifest }
        return manifest.annotated(Manifests.Annotation.goodBuilds, ids.joined(separator: ","))
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
