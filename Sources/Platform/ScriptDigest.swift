internal import COpenSSL

/// sha1, which Redis names scripts by (`EVALSHA`). For nothing that has to withstand anybody.
package enum ScriptDigest {
    /// The digest in lower-case hexadecimal digits.
    package static func text(of bytes: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard unsafe EVP_Digest(bytes, bytes.count, &digest, &count, EVP_sha1(), nil) == 1 else {
            preconditionFailure("libcrypto has no sha1: out of memory or a broken installation")
        }
        return digest.prefix(Int(count)).map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0\(digits)" : digits
        }.joined()
    }
}
