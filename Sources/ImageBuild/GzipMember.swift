internal import BuildModel
internal import Compression

/// One gzip member (RFC 1952): members one after another are one gzip file to every reader.
enum GzipMember {
    /// Deflate, no flags, no time, no name, unknown system: nothing that tells when or where it was made.
    static let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]
    private static let trailerSize = 8

    /// Compresses `bytes` to a member of its own.
    static func compress(_ bytes: [UInt8], with deflater: Deflater) throws(BuildFailure) -> [UInt8] {
        let capacity = header.count + deflater.bound(bytes.count) + trailerSize
        var isComplete = false
        let member = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            let output = UnsafeMutableRawBufferPointer(buffer)
            unsafe output.copyBytes(from: header)
            let room = unsafe UnsafeMutableRawBufferPointer(rebasing: output[header.count..<capacity - trailerSize])
            let size = unsafe bytes.withUnsafeBytes { unsafe deflater.compress($0, into: room) }
            isComplete = size > 0
            count = isComplete ? header.count + size + trailerSize : 0
            guard isComplete else { return }
            let trailer = unsafe UnsafeMutableRawBufferPointer(rebasing: output[header.count + size..<count])
            unsafe trailer.copyBytes(from: Self.trailer(of: bytes))
        }
        guard isComplete else {
            throw BuildFailure(
                .platform,
                .internal,
                operation: "layer.compress",
                message: "libdeflate could not compress \(bytes.count) bytes within its own bound."
            )
        }
        // The room that was not needed is given back: members wait for their turn.
        guard member.count * 4 < capacity * 3 else { return member }
        return unsafe member.withUnsafeBytes { unsafe Array($0) }
    }

    /// The crc32 and the size of the uncompressed bytes, both in little-endian order.
    private static func trailer(of bytes: [UInt8]) -> [UInt8] {
        let checksum = unsafe bytes.withUnsafeBytes { unsafe Checksum.crc32($0) }
        return littleEndian(checksum) + littleEndian(UInt32(truncatingIfNeeded: bytes.count))
    }

    private static func littleEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
