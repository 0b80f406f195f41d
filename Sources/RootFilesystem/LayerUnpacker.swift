internal import BuildModel
internal import Platform

/// Unpacks one blob into one directory.
struct LayerUnpacker: Sendable {
    let overlay: OverlayAttributes
    let owners: LayerOwners
    /// As `LayerArchive.inflaters`.
    let inflaters: BlockingPool

    /// Unpacks a layer into an empty directory; blocks until it is done.
    ///
    /// - Throws: `BuildFailure`: as `LayerArchive.forEachEntry`, and `system`. What was unpacked until then is not to be used.
    func unpack(
        _ layer: FilesystemLayer,
        _ content: any BlobContent,
        into root: DirectoryHandle,
        budget: UnpackBudget,
        cancellation: CancelFlag
    ) throws(BuildFailure) -> LayerNotes {
        try root.apply(owners.impliedDirectory)
        let archive = LayerArchive(layer: layer, content: content, budget: budget, inflaters: inflaters)
        let extractor = LayerExtractor(root: root, overlay: overlay, owners: owners)
        try archive.forEachEntry(cancellation) { (entry, reader) throws(BuildFailure) in
            var entry = entry
            entry.attributes = owners.onDisk(entry.attributes)
            try extractor.add(entry, from: reader)
        }
        return extractor.notes
    }
}
