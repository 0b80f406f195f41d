internal import BuildModel
internal import Compression

/// Compresses members on any thread.
final class MemberCompressor: Sendable {
    private let compression: CompressionLevel
    private let stocks: [Int: DeflaterStock]

    init(_ compression: CompressionLevel) {
        self.compression = compression
        stocks = Dictionary(uniqueKeysWithValues: compression.levels.map { ($0, DeflaterStock(level: $0)) })
    }

    /// The member of some bytes of tar.
    func compress(_ tar: [UInt8]) throws(BuildFailure) -> [UInt8] {
        try compress(tar, level: compression.level(for: tar))
    }

    /// The member at one of the compression's levels.
    func compress(_ tar: [UInt8], level: Int) throws(BuildFailure) -> [UInt8] {
        let stock = stocks[level] ?? DeflaterStock(level: level)
        return try stock.withDeflater { deflater throws(BuildFailure) in
            try GzipMember.compress(tar, with: deflater)
        }
    }
}
