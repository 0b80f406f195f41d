package import BuildModel
internal import COpenSSL

/// A running sha256 over libcrypto's EVP interface, which uses the CPU's SHA instructions.
///
/// Owns an `EVP_MD_CTX`; freed with the last reference. Not for use by two threads at once, hence not Sendable.
@safe
package final class SHA256Hasher {
    private let context: OpaquePointer

    package init() {
        guard let context = unsafe EVP_MD_CTX_new(), unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("libcrypto has no sha256: out of memory or a broken installation")
        }
        unsafe self.context = context
    }

    /// A hasher that has seen the same bytes and goes its own way: `EVP_MD_CTX_copy_ex(3)`.
    package init(copying other: SHA256Hasher) {
        guard let context = unsafe EVP_MD_CTX_new(), unsafe EVP_MD_CTX_copy_ex(context, other.context) == 1 else {
            preconditionFailure("libcrypto cannot copy a sha256: out of memory")
        }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    /// Adds bytes.
    package func update(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// Adds bytes.
    package func update(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    /// The digest of all bytes so far; the hasher cannot be used afterwards.
    package func finalize() -> Digest {
        var bytes = [UInt8](repeating: 0, count: 32)
        unsafe EVP_DigestFinal_ex(context, &bytes, nil)
        return Digest(sha256: bytes)
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
