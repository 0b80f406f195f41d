internal import BuildModel
internal import Platform

/// Unpacks one blob into one directory: a thread reads, hashes and inflates, another hashes the tar and makes files.
struct LayerUnpacker: Sendable {
    let overlay: OverlayAttributes
    let owners: LayerOwners
    /// The threads that inflate; as many as unpack, so that each of those finds one.
    let inflaters: BlockingPool

    /// Unpacks a layer into an empty directory; blocks until it is done.
    ///
    /// - Throws: `BuildFailure`: `corrupted` if the bytes are not what digest, size or diff id promise; `invalid_layer`;
    ///   `limit_exceeded`; `cancelled`; `system`. What was unpacked until then is not to be used.
    func unpack(
        _ layer: FilesystemLayer,
        _ content: any BlobContent,
        into root: DirectoryHandle,
        budget: UnpackBudget,
        cancellation: CancelFlag
    ) throws(BuildFailure) -> LayerNotes {
        try root.apply(owners.impliedDirectory)
        let queue = ChunkQueue()
        defer { queue.stop() }
        let inflater = BlobInflater(descriptor: layer.blob.descriptor, content: content, cancellation: cancellation)
        inflaters.submit { inflater.run(into: queue) }
        let tar = TarSource(queue, budget: budget)
        let archive = try unsafe ArchiveReader(.tar) { () throws(BuildFailure) in try unsafe tar.next() }
        let extractor = LayerExtractor(root: root, overlay: overlay, owners: owners, budget: budget)
        while var entry = try archive.next() {
            entry.attributes = owners.onDisk(entry.attributes)
            try extractor.add(entry, from: archive)
        }
        let diffID = try tar.digestOfAll()
        guard diffID == layer.diffID else {
            throw UnpackFailure.corrupted(layer.blob.descriptor.digest, "its tar has the diff id \(diffID)")
        }
        return extractor.notes
    }
}

/// The tar's bytes from a queue, hashed on the way. Confined to one thread.
final class TarSource {
    private let queue: ChunkQueue
    private let budget: UnpackBudget
    private let hasher = SHA256Hasher()
    private var chunk: Chunk?

    init(_ queue: ChunkQueue, budget: UnpackBudget) {
        self.queue = queue
        self.budget = budget
    }

    /// The next bytes, valid until the next call; empty at the end.
    func next() throws(BuildFailure) -> UnsafeRawBufferPointer {
        if let chunk { queue.giveBack(chunk) }
        chunk = nil
        guard let next = try queue.next() else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
        chunk = next
        try budget.take(bytes: next.count)
        unsafe hasher.update(next.bytes)
        return unsafe next.bytes
    }

    /// The digest of the whole tar, also of what comes after its end mark.
    func digestOfAll() throws(BuildFailure) -> Digest {
        while try unsafe !next().isEmpty {}
        return hasher.finalize()
    }
}
