package import BuildModel
internal import Platform

/// Everything that determines the bytes of a layer from a tree: equal keys, equal layers.
package struct LayerKey: Sendable, Hashable {
    /// sha256 of what determines the layer.
    package let digest: Digest
    /// The codec that is part of it.
    let codec: String
    /// What the digest is of.
    package let grounds: LayerGrounds

    /// The key as one value, for notes that belong to it.
    package var noteKey: Digest { Digest(of: "note \(digest.hex)") }

    /// - Parameters: as for `LayerWriter.writeLayer(from:part:at:on:ownership:files:writable:comment:settings:cancellation:)`; the tree by its id, a part of it by what it holds,
    ///   and what files have beyond that (`SourceDetails`) by a digest.
    /// - Throws: `BuildFailure`: `invalid_configuration` if there is no such codec, `invalid_plan` if the base's links lead nowhere.
    package init(
        tree: ObjectID,
        part: TreePart = .whole,
        details: Digest? = nil,
        at directory: String,
        on base: LayerBase = .none,
        ownership: FileOwnership = .root,
        files: [PlannedFile] = [],
        writable: WritableFiles? = nil,
        settings: LayerSettings
    ) throws(BuildFailure) {
        codec = try settings.codec
        let planned = files.map { file -> JSONValue in
            [
                "path": .string(file.path), "mode": .integer(Int64(file.mode)),
                "content": .string(Digest(of: file.content).hex),
            ]
        }
        var parts: [String: JSONValue] = [
            "tree": .string(part.content?.hex ?? tree.hex),
            "directory": .string(directory),
            "base": try base.identity(at: directory, files: files),
            "user": .integer(Int64(ownership.user)),
            "group": .integer(Int64(ownership.group)),
            "files": .array(planned),
            "rules": .string(IgnoreRules.policy),
            "tarPolicy": .string(LayerSettings.tarPolicy),
            "codec": .string(codec),
            // A tree that one limit refuses must not slip through because a higher one once let it pass.
            "maximumBlobBytes": .integer(settings.maximumBlobBytes),
            "attributes": .string(settings.attributes.rawValue),
        ]
        // Left out where there is none, as in keys of before there was such a thing.
        if let writable { parts["writable"] = writable.json }
        let plain = Digest(of: JSONValue.object(parts).canonicalBytes)
        digest = details.map { Digest(of: "\(plain.hex) \($0.hex)") } ?? plain
        let beside = details.map { JSONValue.string($0.hex) } ?? .null
        grounds = LayerGrounds(parts.merging(["details": beside]) { part, _ in part })
    }
}
