package import BuildModel
internal import Platform

/// A layer to unpack: its blob, and the digest of its tar.
package struct FilesystemLayer: Sendable {
    package var blob: ImageBlob
    package var diffID: Digest
    /// Who shares the unpacked files: those of one realm are never found from another, which has to have the bytes itself. Empty for
    /// what is everybody's.
    package var realm: String

    package init(blob: ImageBlob, diffID: Digest, realm: String = "") {
        self.blob = blob
        self.diffID = diffID
        self.realm = realm
    }

    package init(_ layer: Layer, realm: String = "") {
        self.init(blob: layer.blob, diffID: layer.diffID, realm: realm)
    }

    /// What tells this layer on top of those below it apart from all others: OCI image spec, config.md, "Layer ChainID", with the
    /// realm where there is one; what lies between them counts as one of them.
    static func chainIDs(of layers: [FilesystemLayer], around files: InterposedFiles? = nil) -> [Digest] {
        var chain: [Digest] = []
        var last: Digest?
        for (index, layer) in layers.enumerated() {
            if let files, index == files.position { last = Digest(of: "\(last?.description ?? "") \(files.identity)") }
            var id = last.map { Digest(of: "\($0) \(layer.diffID)") } ?? layer.diffID
            if !layer.realm.isEmpty { id = Digest(of: "\(id) in \(layer.realm)") }
            chain.append(id)
            last = id
        }
        return chain
    }
}

/// A directory that lies between layers, such as a step's view of the source: what is above it may delete what is in it.
package struct InterposedFiles: Sendable {
    /// Absolute path of a directory that is whole and stays as it is.
    package var directory: String
    /// Equal for equal files.
    package var identity: Digest
    /// How many layers are below it.
    package var position: Int

    package init(directory: String, identity: Digest, position: Int) {
        self.directory = directory
        self.identity = identity
        self.position = position
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
