internal import BuildModel
internal import Platform

/// The history of an image: OCI image spec, config.md. Container engines refuse images whose history counts other
/// layers than the manifest has.
enum ImageHistory {
    /// The base's history, or one made up where the base's does not fit its layers, and an entry for each layer of
    /// ours.
    static func json(base: BaseImage, layers: [Layer], created: Int64) -> JSONValue {
        let time = JSONValue.string(Timestamp.text(seconds: created))
        let own = layers.map { layer -> JSONValue in
            ["created": time, "created_by": "slipway", "comment": .string(layer.comment)]
        }
        return .array(inherited(base) + own)
    }

    private static func inherited(_ base: BaseImage) -> [JSONValue] {
        let entries = base.config["history"]?.array ?? []
        let layerCount = entries.count { $0["empty_layer"]?.bool != true }
        if layerCount == base.layers.count { return entries }
        return base.layers.map { _ in
            var entry: JSONValue = ["created_by": .string("base image \(base.name)")]
            if let created = base.config["created"]?.string { entry["created"] = .string(created) }
            return entry
        }
    }
}
