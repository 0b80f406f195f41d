internal import BuildModel
internal import Documents

/// One error of a registry's answer: distribution spec, "Error Codes".
struct RegistryError: Sendable, Hashable, CustomStringConvertible {
    var code: String
    var message: String
    var detail: String?

    var description: String {
        var text = code
        if !message.isEmpty { text += ": \(message)" }
        if let detail, !detail.isEmpty { text += " (\(detail))" }
        return text
    }

    /// Whether it speaks of a blob or manifest.
    func names(_ digest: Digest) -> Bool {
        detail?.contains(digest.description) == true || message.contains(digest.hex)
    }

    /// Whether the registry does not let tags move: each has words of its own for it.
    var saysImmutable: Bool {
        code == "TAG_IMMUTABLE" || message.lowercased().contains("immutab")
    }

    /// Artifactory wraps its own refusal to overwrite into another error.
    var saysOverwriteIsBanned: Bool {
        let words = "\(message) \(detail ?? "")".lowercased()
        return words.contains("overwrite") && (words.contains("403") || words.contains("permission"))
    }

    /// Whether it says that a request was too large. GHCR: "exceeds 4.00MiB".
    var saysTooLarge: Bool {
        let words = "\(message) \(detail ?? "")".lowercased()
        return ["exceed", "too large", "too big"].contains { words.contains($0) }
    }

    /// Whether it says that a blob came in too many parts.
    var saysTooManyParts: Bool {
        let words = "\(message) \(detail ?? "")".lowercased()
        return words.contains("parts") && (words.contains("more than") || words.contains("too many"))
    }

    /// Blobs of one image that an answer may name as missing.
    private static let most = 10_000

    /// The first errors of a body of any content type; none if it is not the JSON that the distribution spec wants.
    static func read(_ body: [UInt8]) -> [RegistryError] { read(body, bytes: 64 << 10, count: 5) }

    /// Every error of a body, for what is to be done and not only said.
    static func readAll(_ body: [UInt8]) -> [RegistryError] { read(body, bytes: 4 << 20, count: most) }

    private static func read(_ body: [UInt8], bytes: Int, count: Int) -> [RegistryError] {
        guard body.count <= bytes, let document = try? JSONDocument.parse(body) else { return [] }
        return (document["errors"]?.array ?? []).prefix(count).map { error in
            let detail = error["detail"].flatMap { $0 == .null ? nil : $0.string ?? $0.canonicalText }
            return RegistryError(
                code: printable(error["code"]?.string ?? "no code", limit: 64),
                message: printable(error["message"]?.string ?? "", limit: 300),
                detail: detail.map { printable($0, limit: 300) }
            )
        }
    }

    /// What a body that is not JSON says, if it is text and no web page.
    static func plainText(_ body: [UInt8]) -> String? {
        let text = printable(String(decoding: body.prefix(2048), as: UTF8.self), limit: 200)
        return text.isEmpty || text.contains("<") ? nil : text
    }

    /// Text of a server, without what could steer a terminal.
    static func printable(_ text: String, limit: Int) -> String {
        let scalars = text.unicodeScalars.prefix(limit).map { scalar in
            scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) ? " " : Character(scalar)
        }
        return String(scalars).split(separator: " ").joined(separator: " ")
    }
}
