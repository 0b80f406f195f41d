internal import BuildModel
internal import Platform

/// The entries of one layer, without their contents; blob and tar are held to their digests.
struct LayerHeaders {
    let layer: FilesystemLayer
    let content: any BlobContent
    let budget: UnpackBudget

    /// Blocks until the layer's end.
    ///
    /// - Throws: `BuildFailure`: `corrupted`, `invalid_layer`, `limit_exceeded`, `cancelled`; what `visit` throws.
    func forEach(
        _ cancellation: CancelFlag,
        _ visit: (ArchiveEntry) throws(BuildFailure) -> Void
    ) throws(BuildFailure) {
        let queue = ChunkQueue()
        defer { queue.stop() }
        let inflater = BlobInflater(descriptor: layer.blob.descriptor, content: content, cancellation: cancellation)
        Self.inflaters.submit { inflater.run(into: queue) }
        let tar = TarSource(queue, budget: budget)
        let archive = try unsafe ArchiveReader(.tar) { () throws(BuildFailure) in try unsafe tar.next() }
        while let entry = try archive.next() {
            try budget.takeEntry()
            try visit(entry)
        }
        let diffID = try tar.digestOfAll()
        guard diffID == layer.diffID else {
            throw UnpackFailure.corrupted(layer.blob.descriptor.digest, "its tar has the diff id \(diffID)")
        }
    }

    /// As many as threads read.
    private static let inflaters = BlockingPool(label: "slipway.bases.inflate", width: 2)
}
