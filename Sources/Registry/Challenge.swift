/// One challenge of a `WWW-Authenticate` header: RFC 9110, section 11.6.1.
///
/// Read by hand because fields of hostile or odd servers have several challenges in one line, commas within quotes, and escapes.
struct Challenge: Sendable, Hashable {
    /// In lower case.
    var scheme: String
    /// Names in lower case.
    var parameters: [String: String]

    /// Every challenge of a field's value; what is malformed is skipped.
    static func parse(_ field: String) -> [Challenge] {
        var scanner = Scanner(bytes: Array(field.utf8))
        return scanner.challenges()
    }

    /// The challenge that we answer: Bearer before Basic; others not at all.
    static func preferred(_ fields: [String]) -> Challenge? {
        let challenges = fields.flatMap(parse)
        return challenges.first { $0.scheme == "bearer" && $0.parameters["realm"] != nil }
            ?? challenges.first { $0.scheme == "basic" }
    }

    /// More than this many challenges or parameters no honest server sends.
    private static let limit = 32

    private struct Scanner {
        let bytes: [UInt8]
        var position = 0

        mutating func challenges() -> [Challenge] {
            var challenges: [Challenge] = []
            while challenges.count < Challenge.limit {
                skip([0x20, 0x09, UInt8(ascii: ",")])
                guard position < bytes.count else { break }
                let word = token()
                if word.isEmpty {
                    skipToComma()
                } else if let value = parameterValue() {
                    guard let last = challenges.indices.last, challenges[last].parameters.count < Challenge.limit else {
                        continue
                    }
                    challenges[last].parameters[word.lowercased()] = value
                } else {
                    challenges.append(Challenge(scheme: word.lowercased(), parameters: [:]))
                    skipToken68()
                }
            }
            return challenges
        }

        /// The value after `=`, or nil if there is none.
        private mutating func parameterValue() -> String? {
            let start = position
            skip([0x20, 0x09])
            guard take(UInt8(ascii: "=")) else {
                position = start
                return nil
            }
            skip([0x20, 0x09])
            return take(UInt8(ascii: "\"")) ? quoted() : token()
        }

        private mutating func quoted() -> String {
            var text: [UInt8] = []
            while position < bytes.count {
                let byte = bytes[position]
                position += 1
                if byte == UInt8(ascii: "\"") { break }
                if byte == UInt8(ascii: "\\"), position < bytes.count {
                    text.append(bytes[position])
                    position += 1
                } else {
                    text.append(byte)
                }
            }
            return String(decoding: text, as: UTF8.self)
        }

        /// After a scheme may stand one opaque value instead of parameters, as with Negotiate.
        private mutating func skipToken68() {
            let start = position
            skip([0x20, 0x09])
            let word = token()
            if !word.isEmpty && position < bytes.count && bytes[position] != UInt8(ascii: "=")
                && !isBlank(bytes[position])
            {
                return skipToComma()
            }
            let padding = bytes[position...].prefix { $0 == UInt8(ascii: "=") }.count
            let end = position + padding
            if !word.isEmpty && (padding > 1 || end == bytes.count || bytes[end] == UInt8(ascii: ",")) {
                return skipToComma()
            }
            position = start
        }

        private mutating func token() -> String {
            let start = position
            while position < bytes.count, Self.isTokenByte(bytes[position]) { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }

        private mutating func skip(_ set: Set<UInt8>) {
            while position < bytes.count, set.contains(bytes[position]) { position += 1 }
        }

        private mutating func skipToComma() {
            while position < bytes.count, bytes[position] != UInt8(ascii: ",") { position += 1 }
        }

        private mutating func take(_ byte: UInt8) -> Bool {
            guard position < bytes.count, bytes[position] == byte else { return false }
            position += 1
            return true
        }

        private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

        private static func isTokenByte(_ byte: UInt8) -> Bool {
            byte > 0x20 && byte < 0x7f && !"\"(),/:;<=>?@[\\]{}".utf8.contains(byte)
        }
    }
}
