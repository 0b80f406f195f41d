package import BuildModel
internal import COpenSSL

/// A running sha256 by libcrypto, which uses the CPU's SHA instructions.
///
/// The low-level interface of `SHA256_Update(3)`: unlike EVP's, its state can be written down and taken up again, which saves
/// hashing the front of a layer once more. Not for use by two threads at once, hence not Sendable.
package final class SHA256Hasher {
    private var context: SHA256_CTX

    package init() {
        context = SHA256_CTX()
        unsafe SHA256_Init(&context)
    }

    /// A hasher that has seen the same bytes and goes its own way.
    package init(copying other: SHA256Hasher) {
        context = other.context
    }

    /// Adds bytes.
    package func update(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        unsafe SHA256_Update(&context, bytes.baseAddress, bytes.count)
    }

    /// Adds bytes.
    package func update(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    /// The digest of all bytes so far; the hasher cannot be used afterwards.
    package func finalize() -> Digest {
        var bytes = [UInt8](repeating: 0, count: 32)
        unsafe SHA256_Final(&bytes, &context)
        return Digest(sha256: bytes)
    }
}

extension SHA256Hasher {
    /// Bytes of `state`.
    package static let stateSize = 32 + 8 + 64

    /// What the hasher knows of the bytes so far: eight words, the count of bytes, and the bytes of a block that is not full.
    package var state: [UInt8] {
        var state: [UInt8] = []
        unsafe withUnsafeBytes(of: context.h) { unsafe state.append(contentsOf: $0) }
        let bits = UInt64(context.Nh) << 32 | UInt64(context.Nl)
        unsafe withUnsafeBytes(of: (bits / 8).littleEndian) { unsafe state.append(contentsOf: $0) }
        unsafe withUnsafeBytes(of: context.data) { unsafe state.append(contentsOf: $0) }
        return state
    }

    /// Goes on where a hasher with this state was.
    ///
    /// - Parameter state: `stateSize` bytes that `state` wrote on a machine of the same byte order; nil comes of others.
    package convenience init?(state: ArraySlice<UInt8>) {
        guard state.count == Self.stateSize else { return nil }
        self.init()
        unsafe state.withUnsafeBytes { bytes in
            unsafe withUnsafeMutableBytes(of: &context.h) { unsafe $0.copyBytes(from: bytes[..<32]) }
            let count = unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 32, as: UInt64.self))
            context.Nl = UInt32(truncatingIfNeeded: count &* 8)
            context.Nh = UInt32(truncatingIfNeeded: count >> 29)
            unsafe withUnsafeMutableBytes(of: &context.data) { unsafe $0.copyBytes(from: bytes[40...]) }
            context.num = UInt32(count % 64)
        }
    }
}

extension Digest {
    /// The sha256 of bytes in memory.
    package init(of bytes: [UInt8]) {
        let hasher = SHA256Hasher()
        hasher.update(bytes)
        self = hasher.finalize()
    }

    /// The sha256 of a text's UTF-8.
    package init(of text: String) {
        self.init(of: Array(text.utf8))
    }
}
