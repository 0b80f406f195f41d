internal import BuildModel
internal import Platform
internal import Synchronization

/// Tells compressors apart by what they do: releases of a library may pack the same bytes in another way, and nothing else says
/// at run time which one it is.
enum CodecIdentity {
    private struct Codec: Hashable {
        var compression: CompressionLevel
        var format: LayerFormat
    }

    private static let known = Mutex<[Codec: String]>([:])

    /// Eight hexadecimal digits of the sha256 of a sample that was compressed in every way that the compression uses.
    static func fingerprint(_ compression: CompressionLevel, _ format: LayerFormat) throws(BuildFailure) -> String {
        let codec = Codec(compression: compression, format: format)
        if let fingerprint = known.withLock({ $0[codec] }) { return fingerprint }
        let compressor = MemberCompressor(compression, format)
        let sample = sample
        var members: [UInt8] = []
        for level in compression.levels(format) { members += try compressor.compress(sample, level: level) }
        let fingerprint = String(Digest(of: members).hex.prefix(8))
        known.withLock { $0[codec] = fingerprint }
        return fingerprint
    }

    /// 32 KiB with what source code has: words that come again near and far, numbers, and some that never come again.
    private static var sample: [UInt8] {
        let words = "return import value self name if else func data let count index error string path size".split(
            separator: " "
        )
        var bytes: [UInt8] = []
        var state: UInt64 = 0x5117
        while bytes.count < 32 << 10 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes += words[Int(state >> 33) % words.count].utf8
            bytes.append(state >> 60 == 0 ? 10 : 32)
            if state >> 58 & 7 == 0 { bytes += String(state >> 20, radix: 36).utf8 }
        }
        return bytes
    }
}
