internal import BuildModel
internal import Platform

extension OCILayout {
    /// Files with this prefix are on their way to a blob's name; readers of layouts do not look at them.
    private static let stagingPrefix = ".slipway-"
    private static let chunkSize = 1 << 20

    /// Whether the layout has a blob, whole.
    func holds(_ descriptor: Descriptor) throws(BuildFailure) -> Bool {
        let path = blobPath(descriptor.digest)
        guard Files.exists(path) else { return false }
        let content = try FileContent(path: path)
        guard content.size == descriptor.size else { return false }
        let hasher = SHA256Hasher()
        try unsafe forEachChunk(of: content, limit: descriptor.size) { chunk throws(BuildFailure) in
            unsafe hasher.update(chunk)
        }
        return hasher.finalize() == descriptor.digest
    }

    /// Copies a blob to its place.
    ///
    /// - Throws: `BuildFailure` with code `corrupted` if the bytes are not what the descriptor says.
    func store(
        _ content: any BlobContent,
        as descriptor: Descriptor,
        cancellation: CancelFlag
    ) throws(BuildFailure) {
        let file = try StagedFile(in: directory, prefix: Self.stagingPrefix)
        let hasher = SHA256Hasher()
        try unsafe forEachChunk(of: content, limit: descriptor.size) { chunk throws(BuildFailure) in
            if cancellation.isSet { throw .cancelled(operation: "layout.write") }
            unsafe hasher.update(chunk)
            try unsafe file.append(chunk)
        }
        guard content.size == descriptor.size, hasher.finalize() == descriptor.digest else {
            throw BuildFailure(
                .platform,
                .corrupted,
                operation: "layout.write",
                message: "The blob \(descriptor.digest) has other bytes than its digest and size say.",
                isRetryable: true
            )
        }
        try file.commit(as: blobPath(descriptor.digest))
    }

    /// Lends the bytes of a blob piece by piece, up to `limit`.
    private func forEachChunk(
        of content: any BlobContent,
        limit: Int64,
        _ body: (UnsafeRawBufferPointer) throws(BuildFailure) -> Void
    ) throws(BuildFailure) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkSize, alignment: 16)
        defer { unsafe buffer.deallocate() }
        var offset: Int64 = 0
        while offset < limit {
            let count = try unsafe content.read(at: offset, into: buffer)
            guard count > 0 else { return }
            try unsafe body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += Int64(count)
        }
    }
}
