/// How hard layers are compressed: time against size. The name is part of the codec.
package enum CompressionLevel: String, Sendable, Hashable, CaseIterable {
    /// About three times as fast as `balanced`, and a tenth larger.
    case fast
    /// No larger than gzip -6.
    case balanced
    /// A percent or two smaller than `balanced`, at several times its cost.
    case small

    /// The levels of libdeflate that it uses.
    var levels: [Int] {
        switch self {
        case .fast: [1]
        case .balanced: [5, 6]
        case .small: [9]
        }
    }

    /// libdeflate's level for one member. Level 6 gains most where text is compressed, level 5 does nearly as well elsewhere.
    func level(for tar: [UInt8]) -> Int {
        guard self == .balanced else { return levels[0] }
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
