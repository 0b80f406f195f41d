internal import Platform

/// Certificates of a text file: RFC 7468, section 5.
enum PEMCertificates {
    private static let start = "-----BEGIN CERTIFICATE-----"
    private static let end = "-----END CERTIFICATE-----"

    /// The DER of each; what is none is left out.
    static func all(_ bytes: [UInt8]) -> [[UInt8]] {
        var certificates: [[UInt8]] = []
        var current: String?
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let line = line.trimmingSuffix()
            if line == start {
                current = ""
            } else if line == end {
                if let text = current, let certificate = Base64.decode(text) { certificates.append(certificate) }
                current = nil
            } else {
                current?.append(contentsOf: line)
            }
        }
        return certificates
    }
}

extension Substring {
    fileprivate func trimmingSuffix() -> Substring {
        var text = self
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return text
    }
}
