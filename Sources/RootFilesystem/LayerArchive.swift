internal import BuildModel
internal import Platform

/// The archive of one layer, entry by entry: a thread reads, hashes and inflates the blob, another hashes the tar and takes it apart.
struct LayerArchive {
    let layer: FilesystemLayer
    let content: any BlobContent
    let budget: UnpackBudget
    /// The threads that inflate; as many as read, so that each of those finds one.
    let inflaters: BlockingPool

    /// Hands over each entry, whose content may be read from the archive until the next one; blocks until the layer's end.
    ///
    /// - Throws: `BuildFailure`: `corrupted` if the bytes are not what digest, size or diff id promise, which may show at the end only;
    ///   `invalid_layer`; `limit_exceeded`; `cancelled`; what `visit` throws.
    func forEachEntry(
        _ cancellation: CancelFlag,
        _ visit: (ArchiveEntry, ArchiveReader) throws(BuildFailure) -> Void
    ) throws(BuildFailure) {
        let queue = ChunkQueue()
        defer { queue.stop() }
        let inflater = BlobInflater(descriptor: layer.blob.descriptor, content: content, cancellation: cancellation)
        inflaters.submit { inflater.run(into: queue) }
        let tar = TarSource(queue, budget: budget)
        let archive = try unsafe ArchiveReader(.tar) { () throws(BuildFailure) in try unsafe tar.next() }
        while let entry = try archive.next() {
            try budget.takeEntry()
            try visit(entry, archive)
        }
        let diffID = try tar.digestOfAll()
        guard diffID == layer.diffID else {
            throw UnpackFailure.corrupted(layer.blob.descriptor.digest, "its tar has the diff id \(diffID)")
        }
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
