package import Platform

/// Hides secrets in text. It compares bytes: for characters, a value with a combining mark behind it would be another text.
package struct SecretMask: Sendable {
    /// The longest first, so that one which has another in it is hidden whole.
    private let values: [[UInt8]]

    /// Values of fewer bytes are left: they would hide half the log and are no secrets.
    private static let fewestBytes = 4
    private static let stars = Array("***".utf8)

    /// - Parameters:
    ///   - secrets: of several lines each line is one too: logs are written by lines.
    ///   - isLowerCase: whether they are looked for in text whose capitals are gone, as in names of hosts.
    package init(_ secrets: some Collection<Redacted<String>>, isLowerCase: Bool = false) {
        let texts = secrets.map { isLowerCase ? $0.exposed.lowercased() : $0.exposed }
        let lines = texts.flatMap { text in
            let bytes = Array(text.utf8)
            return [bytes] + bytes.split { $0 == 10 || $0 == 13 }.map(Array.init)
        }
        values = Set(lines.filter { $0.count >= Self.fewestBytes }).sorted { $0.count > $1.count }
    }

    /// What a step's log says of secrets that it shows; nil if there are none.
    static func warning(of secrets: [String: Redacted<String>]) -> String? {
        let shown = secrets.filter { (1..<fewestBytes).contains($0.value.exposed.utf8.count) }.keys.sorted()
        guard !shown.isEmpty else { return nil }
        return "its log shows the secrets \(shown.joined(separator: ", ")) where its output has them: "
            + "values of fewer than \(fewestBytes) bytes cannot be hidden."
    }

    /// Whether a secret may have begun, of which the rest is still to come.
    func mayBegin(atEndOf line: [UInt8]) -> Bool {
        values.contains { value in
            (1..<max(1, min(value.count, line.count + 1))).contains { value.starts(with: line.suffix($0)) }
        }
    }

    /// The bytes with `***` in the place of each secret.
    package func masked(_ bytes: some Collection<UInt8>) -> [UInt8] {
        values.reduce(Array(bytes)) { Self.replacing($1, in: $0) }
    }

    /// The text with `***` in the place of each secret.
    package func masked(_ text: String) -> String {
        values.isEmpty ? text : String(decoding: masked(text.utf8), as: UTF8.self)
    }

    private static func replacing(_ value: [UInt8], in bytes: [UInt8]) -> [UInt8] {
        guard let first = value.first, bytes.count >= value.count else { return bytes }
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == first, bytes[index...].starts(with: value) {
                result += stars
                index += value.count
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }
}
