internal import CDeflate

/// Checksums against accidents; not against people.
package enum Checksum {
    /// The CRC-32 of gzip (RFC 1952, section 8) of bytes, going on from that of the bytes before them.
    package static func crc32(_ bytes: UnsafeRawBufferPointer, after previous: UInt32 = 0) -> UInt32 {
        guard bytes.count > 0 else { return previous }
        return unsafe libdeflate_crc32(previous, bytes.baseAddress, bytes.count)
    }
}
