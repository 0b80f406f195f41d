package import BuildModel
internal import Platform

/// A layer to unpack: its blob, and the digest of its tar.
package struct FilesystemLayer: Sendable {
    package var blob: ImageBlob
    package var diffID: Digest
    /// Who shares the unpacked files: those of one realm are never found from another, which has to have the bytes itself. Empty for
    /// what is everybody's.
    package var realm: String
    /// Whether directories that are no layers come between this one and those below, so that what it deletes may be there.
    package var standsOnMore: Bool

    package init(blob: ImageBlob, diffID: Digest, realm: String = "", standsOnMore: Bool = false) {
        self.blob = blob
        self.diffID = diffID
        self.realm = realm
        self.standsOnMore = standsOnMore
    }

    package init(_ layer: Layer, realm: String = "", standsOnMore: Bool = false) {
        self.init(blob: layer.blob, diffID: layer.diffID, realm: realm, standsOnMore: standsOnMore)
    }

    /// What tells this layer on top of those below it apart from all others: OCI image spec, config.md, "Layer ChainID", with the realm
    /// where there is one.
    static func chainIDs(of layers: [FilesystemLayer]) -> [Digest] {
        var chain: [Digest] = []
        for layer in layers {
            let id = chain.last.map { Digest(of: "\($0) \(layer.diffID)") } ?? layer.diffID
            let isPlain = layer.realm.isEmpty && !layer.standsOnMore
            chain.append(isPlain ? id : Digest(of: "\(id)\(layer.standsOnMore ? " on more" : "") in \(layer.realm)"))
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
            result.append(FilesystemLayer(blob: blob, diffID: try Digest(parsing: diffID.string ?? ""), realm: realm))
        }
        return result
    }
}
