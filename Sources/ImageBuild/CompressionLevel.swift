/// How hard layers are compressed: time against size. The name is part of the codec.
package enum CompressionLevel: String, Sendable, Hashable, CaseIterable {
    /// About three times as fast as `balanced`, and a tenth larger.
    case fast
    /// No larger than gzip -6; by zstd about a tenth smaller.
    case balanced
    /// A percent or two smaller than `balanced`, at several times its cost.
    case small

    /// The levels of libdeflate or libzstd that it uses.
    func levels(_ format: LayerFormat) -> [Int] {
        switch (self, format) {
        case (.fast, _): [1]
        case (.balanced, .gzip): [5, 6]
        case (.balanced, .zstd): [3]
        case (.small, _): [9]
        }
    }

    /// The level for one member. libdeflate's level 6 gains most where text is compressed, level 5 does nearly as well elsewhere.
    func level(for tar: [UInt8], _ format: LayerFormat) -> Int {
        let levels = levels(format)
        guard levels.count > 1 else { return levels[0] }
        return Self.isText(tar) ? 6 : 5
    }

    /// Whether four of five bytes are of printable ASCII, by one in every 251.
    private static func isText(_ bytes: [UInt8]) -> Bool {
        var (text, seen) = (0, 0)
        unsafe bytes.withUnsafeBytes { bytes in
            var place = 0
            while place < bytes.count {
                let byte = unsafe bytes[place]
                text += (byte >= 0x20 && byte < 0x7f) || byte == 0x0a || byte == 0x09 || byte == 0x0d ? 1 : 0
                seen += 1
                place += 251
            }
        }
        return text * 5 >= seen * 4
    }
}
