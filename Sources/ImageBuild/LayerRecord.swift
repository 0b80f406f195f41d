internal import BuildModel

/// What is remembered of a layer: all that a manifest and a config say of it.
struct LayerRecord: Sendable, Hashable {
    var diffID: Digest
    var digest: Digest
    /// Bytes compressed and uncompressed.
    var size: Int64
    var tarSize: Int64
    var codec: String

    init(_ layer: Layer, codec: String) {
        diffID = layer.diffID
        digest = layer.blob.descriptor.digest
        size = layer.blob.descriptor.size
        tarSize = layer.tarSize
        self.codec = codec
    }

    /// Reads what `text` wrote; nil if it is something else.
    init?(words: some Collection<Substring>) {
        let words = Array(words)
        guard words.count == 5, let diffID = Self.digest(words[0]), let digest = Self.digest(words[1]),
            let size = Int64(words[2]), let tarSize = Int64(words[3]), size > 0, tarSize > 0
        else { return nil }
        self.diffID = diffID
        self.digest = digest
        self.size = size
        self.tarSize = tarSize
        codec = String(words[4])
    }

    var text: String { "\(diffID.hex) \(digest.hex) \(size) \(tarSize) \(codec)" }

    private static func digest(_ hex: Substring) -> Digest? {
        guard hex.utf8.count == 64, let bytes = Hexadecimal.decode(String(hex)) else { return nil }
        return Digest(sha256: bytes)
    }
}
