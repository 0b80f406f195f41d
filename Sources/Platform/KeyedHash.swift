internal import COpenSSL

/// Hashes with a key, by libcrypto.
package enum KeyedHash {
    /// HMAC-SHA1 (RFC 2104): how OpenSSH hides host names in `known_hosts`. Not for anything new.
    ///
    /// - Returns: 20 bytes.
    package static func hmacSHA1(key: [UInt8], message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 20)
        var length: UInt32 = 0
        unsafe HMAC(EVP_sha1(), key, Int32(key.count), message, message.count, &digest, &length)
        return digest
    }
}
