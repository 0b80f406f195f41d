/// A key store of Java's own format (JKS, version 2) with trusted certificates alone.
///
/// Java checks the hash at its end only when it is given a password, which for what is no secret it is not; so there is none.
enum JavaKeyStore {
    /// - Parameter certificates: DER.
    static func bytes(_ certificates: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = [0xfe, 0xed, 0xfe, 0xed] + number(2) + number(certificates.count)
        for (index, certificate) in certificates.enumerated() {
            bytes += number(2) + text("authority-\(index)") + [UInt8](repeating: 0, count: 8) + text("X.509")
            bytes += number(certificate.count) + certificate
        }
        return bytes + [UInt8](repeating: 0, count: 20)
    }

    private static func number(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// As `DataOutputStream.writeUTF` writes ASCII.
    private static func text(_ value: String) -> [UInt8] {
        [UInt8(value.utf8.count >> 8), UInt8(value.utf8.count & 255)] + Array(value.utf8)
    }
}
