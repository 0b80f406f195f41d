/// A sha256 content digest, written `sha256:<64 lower-case hex digits>`.
///
/// OCI image spec, descriptor.md, "Digests". Other algorithms are refused: no registry needs them and none of our
/// memos could compare them.
package struct Digest: Sendable, Hashable {
    /// The 32 bytes as 64 lower-case hexadecimal digits.
    package let hex: String

    /// A digest from the 32 bytes that a hasher returned.
    package init(sha256 bytes: [UInt8]) {
        precondition(bytes.count == 32, "a sha256 has 32 bytes")
        hex = Hexadecimal.encode(bytes)
    }

    /// Parses `sha256:<hex>`.
    ///
    /// - Throws: `BuildFailure` with code `invalid_digest` that shows the text.
    package init(parsing text: String) throws(BuildFailure) {
        let prefix = "sha256:"
        let digits = text.utf8.dropFirst(prefix.utf8.count)
        guard text.hasPrefix(prefix), digits.count == 64, digits.allSatisfy(Hexadecimal.isLowercaseDigit) else {
            throw BuildFailure(
                .platform,
                BuildFailure.Code(rawValue: "invalid_digest"),
                operation: "digest.parse",
                message: "'\(text.prefix(100))' is not a sha256 digest (sha256: and 64 lower-case hex digits)."
            )
        }
        hex = String(text.dropFirst(prefix.count))
    }
}

extension Digest: CustomStringConvertible {
    package var description: String { "sha256:\(hex)" }

    /// The first twelve hex digits, for people.
    package var short: String { String(hex.prefix(12)) }
}

extension Digest: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(parsing: try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
