internal import BuildModel
internal import Compression

/// Compresses members, and unpacks them, on any thread.
final class MemberCompressor: Sendable {
    private let compression: CompressionLevel
    private let format: LayerFormat
    /// By level.
    private let deflaters: [Int: Stock<Deflater>]
    private let packers: [Int: Stock<ZstdPacker>]
    private let inflaters = Stock<Inflater>()
    private let unpackers = Stock { () throws(BuildFailure) in try ZstdUnpacker() }

    init(_ compression: CompressionLevel, _ format: LayerFormat = .gzip) {
        self.compression = compression
        self.format = format
        let levels = compression.levels(format)
        deflaters = Dictionary(uniqueKeysWithValues: levels.map { ($0, Stock<Deflater>(level: $0)) })
        packers = Dictionary(
            uniqueKeysWithValues: levels.map { level in
                (level, Stock { () throws(BuildFailure) in try ZstdPacker(level: level) })
            }
        )
    }

    /// The member of some bytes of tar.
    func compress(_ tar: [UInt8]) throws(BuildFailure) -> [UInt8] {
        try compress(tar, level: compression.level(for: tar, format))
    }

    /// The member at one of the compression's levels.
    func compress(_ tar: [UInt8], level: Int) throws(BuildFailure) -> [UInt8] {
        guard let deflaters = deflaters[level], let packers = packers[level] else {
            throw BuildFailure(
                .platform,
                .internal,
                operation: "layer.compress",
                message: "\(compression) has no level \(level)."
            )
        }
        switch format {
        case .gzip:
            return try deflaters.lend { deflater throws(BuildFailure) in
                try GzipMember.compress(tar, with: deflater)
            }
        case .zstd:
            return try packers.lend { packer throws(BuildFailure) in try ZstdFrame.compress(tar, with: packer) }
        }
    }

    /// The tar of a member; nil if it is damaged, is not alone, or has another size.
    func unpack(_ member: [UInt8], size: Int) throws(BuildFailure) -> [UInt8]? {
        switch format {
        case .gzip:
            return try inflaters.lend { inflater in
                unsafe Self.fill(size) { output in
                    unsafe member.withUnsafeBytes { unsafe inflater.inflate($0, .gzip, into: output) } == member.count
                }
            }
        case .zstd:
            return try unpackers.lend { unpacker in
                unsafe Self.fill(size) { output in
                    unsafe member.withUnsafeBytes { unsafe unpacker.decompress($0, into: output) }
                }
            }
        }
    }

    private static func fill(_ size: Int, _ write: (UnsafeMutableRawBufferPointer) -> Bool) -> [UInt8]? {
        var isWhole = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            isWhole = unsafe write(UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: size))
            count = isWhole ? size : 0
        }
        return isWhole ? bytes : nil
    }
}
