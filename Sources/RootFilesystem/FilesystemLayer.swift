package import BuildModel
internal import Platform

/// A layer to unpack: its blob, and the digest of its tar.
package struct FilesystemLayer: Sendable {
    package var blob: ImageBlob
    package var diffID: Digest

    package init(blob: ImageBlob, diffID: Digest) {
        self.blob = blob
        self.diffID = diffID
    }

    package init(_ layer: Layer) {
        self.init(blob: layer.blob, diffID: layer.diffID)
    }

    /// What tells this layer on top of those below it apart from all others: OCI image spec, config.md, "Layer ChainID".
    static func chainIDs(of layers: [FilesystemLayer]) -> [Digest] {
        var chain: [Digest] = []
        for layer in layers {
            chain.append(chain.last.map { Digest(of: "\($0) \(layer.diffID)") } ?? layer.diffID)
        }
        return chain
    }
}

extension BaseImage {
    /// The image's layers, lowest first, with the diff ids of its config.
    ///
    /// - Throws: `BuildFailure` with code `invalid_image`.
    package func filesystemLayers() throws(BuildFailure) -> [FilesystemLayer] {
        let diffIDs = config["rootfs"]?["diff_ids"]?.array ?? []
        guard diffIDs.count == layers.count else {
            throw BuildFailure(
                .platform,
                .invalidImage,
                operation: UnpackFailure.operation,
                message: "The image '\(name)' has \(layers.count) layers, but its config \(diffIDs.count) diff ids."
            )
        }
        var result: [FilesystemLayer] = []
        for (blob, diffID) in zip(layers, diffIDs) {
            result.append(FilesystemLayer(blob: blob, diffID: try Digest(parsing: diffID.string ?? "")))
        }
        return result
    }
}
