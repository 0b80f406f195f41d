internal import BuildModel

/// Who owns which fields of an object: `metadata.managedFields` (API concepts, "Server-Side Apply").
struct ManagedFields {
    private let entries: [JSONValue]
    private static let manager = JSONValue.string(ClusterRequest.fieldManager)
    private static let kubectl: JSONValue = "kubectl-client-side-apply"
    /// Who holds the number of pods between our giving it up and somebody's setting it.
    static let handover = "slipway-handover"

    init(of object: JSONValue) {
        entries = object["metadata"]?["managedFields"]?.array ?? []
    }

    /// Whether we have applied the object.
    var areOurs: Bool { entries.contains(where: Self.isOurs) }

    /// Whether our applies own the number of pods.
    var ownsReplicas: Bool { entries.contains { Self.isOurs($0) && Self.hasReplicas($0) } }

    /// Whether somebody else has set how pods are replaced.
    var othersOwnStrategy: Bool {
        entries.contains { $0["manager"] != Self.manager && $0["fieldsV1"]?["f:spec"]?["f:strategy"] != nil }
    }

    /// Whether somebody else owns the number of pods: an autoscaler, or whoever has scaled last.
    var othersOwnReplicas: Bool {
        entries.contains { $0["manager"] != Self.manager && !Self.isHandover($0) && Self.hasReplicas($0) }
    }

    /// Whether the number of pods was given up, and is held for whoever sets it next.
    var holdsReplicas: Bool { entries.contains(where: Self.isHandover) }

    /// The entries without the one that holds the number of pods.
    var withoutHandover: [JSONValue] { entries.filter { !Self.isHandover($0) } }

    /// The entries with what our creation, or `kubectl apply`, has set as part of what we have applied; nil if that is so already.
    ///
    /// The number of pods is not taken: a creation owns it only because the server has filled it in.
    func adopted(takesFromKubectl: Bool) -> [JSONValue]? {
        func isAdopted(_ entry: JSONValue) -> Bool {
            guard entry["operation"]?.string == "Update", entry["subresource"] == nil else { return false }
            return entry["manager"] == Self.manager || takesFromKubectl && entry["manager"] == Self.kubectl
        }
        guard var ours = entries.first(where: { isAdopted($0) }) else { return nil }
        var fields: JSONValue = [:]
        for entry in entries where isAdopted(entry) || Self.isOurs(entry) {
            var found = entry["fieldsV1"] ?? [:]
            if isAdopted(entry), var spec = found["f:spec"] {
                spec["f:replicas"] = nil
                found["f:spec"] = spec
            }
            fields = Self.union(fields, found)
        }
        ours["manager"] = Self.manager
        ours["operation"] = "Apply"
        ours["fieldsV1"] = fields
        return entries.filter { !isAdopted($0) && !Self.isOurs($0) } + [ours]
    }

    private static func isOurs(_ entry: JSONValue) -> Bool {
        entry["manager"] == manager && entry["operation"]?.string == "Apply"
    }

    private static func isHandover(_ entry: JSONValue) -> Bool { entry["manager"]?.string == handover }

    private static func hasReplicas(_ entry: JSONValue) -> Bool { entry["fieldsV1"]?["f:spec"]?["f:replicas"] != nil }

    /// All fields of both sets.
    private static func union(_ left: JSONValue, _ right: JSONValue) -> JSONValue {
        guard case .object(let left) = left, case .object(let right) = right else { return left }
        return .object(left.merging(right) { union($0, $1) })
    }
}
