internal import BuildModel
internal import Platform

/// Turns tar entries into a layer: encodes them, cuts the tar into members, and keeps count of its size and digest.
///
/// Where members are cut depends on the entries alone: after an entry once 256 KiB are pending, and in files of 1 MiB
/// and more, which begin a member of their own, at every 1 MiB. Smaller members would cost size, larger ones would keep
/// threads waiting. Confined to the thread that writes the layer.
final class LayerStream {
    private static let memberSize = 256 << 10
    private static let largeMemberSize = 1 << 20

    private let pipeline: MemberPipeline
    private let cancellation: CancelFlag
    private let hasher = SHA256Hasher()
    private var pending: [UInt8] = []
    private var tarSize: Int64 = 0

    init(_ settings: LayerSettings, cancellation: CancelFlag) throws(BuildFailure) {
        pipeline = try MemberPipeline(settings)
        self.cancellation = cancellation
        pending.reserveCapacity(Self.largeMemberSize)
    }

    /// Appends an entry without content.
    func append(_ entry: TarEntry) throws(BuildFailure) {
        pending.append(contentsOf: TarEncoder.header(for: entry))
        try endEntry()
    }

    /// Appends a file, whose header says `content`'s size.
    func append(_ entry: TarEntry, content: RawSpan) throws(BuildFailure) {
        let isLarge = content.byteCount >= Self.largeMemberSize
        if isLarge && !pending.isEmpty { try cut() }
        pending.append(contentsOf: TarEncoder.header(for: entry))
        var offset = 0
        while offset < content.byteCount {
            let room = isLarge ? Self.largeMemberSize - pending.count : content.byteCount
            let end = min(content.byteCount, offset + room)
            append(content.extracting(offset..<end))
            offset = end
            if isLarge && pending.count == Self.largeMemberSize { try cut() }
        }
        pending.append(contentsOf: TarEncoder.padding(after: entry.size))
        try endEntry()
    }

    /// Ends the archive and waits for its members.
    func finish(comment: String) throws(BuildFailure) -> Layer {
        pending.append(contentsOf: TarEncoder.end)
        try cut()
        let (content, digest) = try pipeline.finish()
        let descriptor = Descriptor(mediaType: MediaType.ociLayerGzip, digest: digest, size: content.size)
        return Layer(
            blob: ImageBlob(descriptor: descriptor, source: .local(content)),
            diffID: hasher.finalize(),
            tarSize: tarSize,
            comment: comment
        )
    }

    private func append(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { buffer in unsafe pending.append(contentsOf: buffer) }
    }

    private func endEntry() throws(BuildFailure) {
        if pending.count >= Self.memberSize { try cut() }
        try checkCancellation()
    }

    private func cut() throws(BuildFailure) {
        try checkCancellation()
        hasher.update(pending)
        tarSize += Int64(pending.count)
        let member = pending
        pending = []
        pending.reserveCapacity(Self.largeMemberSize)
        try pipeline.submit(member)
    }

    private func checkCancellation() throws(BuildFailure) {
        if cancellation.isSet { throw .cancelled(operation: "layer.write") }
    }
}
