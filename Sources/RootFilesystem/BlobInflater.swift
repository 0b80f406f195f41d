internal import BuildModel
internal import Platform

/// Reads a layer's blob, inflates it and compares it with its digest: the first half of unpacking, on a thread of its own.
struct BlobInflater {
    let descriptor: Descriptor
    let content: any BlobContent
    let cancellation: CancelFlag

    /// Writes the tar's bytes to a queue and ends it, whatever happens.
    func run(into queue: ChunkQueue) {
        do throws(BuildFailure) {
            guard content.size == descriptor.size else {
                throw UnpackFailure.corrupted(
                    descriptor.digest,
                    "it has \(content.size) bytes instead of \(descriptor.size)"
                )
            }
            try inflate(into: queue)
            queue.end()
        } catch {
            queue.end(error)
        }
    }

    private func inflate(into queue: ChunkQueue) throws(BuildFailure) {
        let blob = BlobReader(content)
        let compression = Compression(magic: try blob.magic())
        let reader = try unsafe ArchiveReader(.stream(compression)) { () throws(BuildFailure) in
            if cancellation.isSet { throw .cancelled(operation: UnpackFailure.operation) }
            return try unsafe blob.next()
        }
        guard try reader.next() != nil else { throw UnpackFailure.archive("it is empty") }
        guard var chunk = queue.takeFree() else { return }
        try unsafe reader.forEachBlock { (block, _) throws(BuildFailure) in
            var rest = unsafe block
            while rest.count > 0 {
                unsafe chunk.fill(from: &rest)
                guard chunk.isFull else { continue }
                queue.put(chunk)
                guard let free = queue.takeFree() else { throw .cancelled(operation: UnpackFailure.operation) }
                chunk = free
            }
        }
        // A chunk without bytes would look like the end.
        if chunk.count > 0 { queue.put(chunk) }
        let digest = try blob.digestOfAll()
        guard digest == descriptor.digest else {
            throw UnpackFailure.corrupted(descriptor.digest, "its bytes have the digest \(digest)")
        }
    }
}

extension Chunk {
    var isFull: Bool { unsafe count == space.count }

    /// Takes as many bytes from the front of `source` as there is room for.
    fileprivate func fill(from source: inout UnsafeRawBufferPointer) {
        let taken = unsafe min(source.count, space.count - count)
        let target = unsafe UnsafeMutableRawBufferPointer(rebasing: space[count..<count + taken])
        unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<taken]))
        count += taken
        unsafe source = UnsafeRawBufferPointer(rebasing: source[taken...])
    }
}

/// A blob from front to back, hashed on the way. Confined to one thread.
final class BlobReader {
    private let content: any BlobContent
    private let hasher = SHA256Hasher()
    private let chunk = Chunk(size: 256 << 10)
    private var offset: Int64 = 0

    init(_ content: any BlobContent) {
        self.content = content
    }

    /// The first four bytes, without going forward.
    func magic() throws(BuildFailure) -> [UInt8] {
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: chunk.space[..<4])
        let count = try unsafe content.read(at: 0, into: room)
        return unsafe Array(room[..<count])
    }

    /// The next bytes, valid until the next call; empty at the end.
    func next() throws(BuildFailure) -> UnsafeRawBufferPointer {
        chunk.count = try unsafe content.read(at: offset, into: chunk.space)
        offset += Int64(chunk.count)
        unsafe hasher.update(chunk.bytes)
        return unsafe chunk.bytes
    }

    /// The digest of the whole blob, also of what nobody has asked for.
    func digestOfAll() throws(BuildFailure) -> Digest {
        while try unsafe !next().isEmpty {}
        return hasher.finalize()
    }
}
