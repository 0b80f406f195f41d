internal import BuildModel
internal import Platform

/// Values of Kubernetes labels: at most 63 of letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit.
enum LabelValue {
    static let maximum = 63
    private static let hashDigits = 16

    /// Whether `text` is a label's value as it is.
    static func isValid(_ text: String) -> Bool {
        guard let first = text.utf8.first else { return true }
        guard let last = text.utf8.last, text.utf8.count <= maximum else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last) && text.utf8.allSatisfy(isAllowed)
    }

    /// `text` itself where it is a label's value, else what is readable of it and a hash of all of it.
    static func make(_ text: String) -> String {
        if isValid(text) { return text }
        var readable = text.utf8.map { isAllowed($0) ? $0 : UInt8(ascii: "-") }
        while let first = readable.first, !isAlphanumeric(first) { readable.removeFirst() }
        readable = Array(readable.prefix(maximum - hashDigits - 1))
        while let last = readable.last, !isAlphanumeric(last) { readable.removeLast() }
        let hash = Digest(of: text).hex.prefix(hashDigits)
        return readable.isEmpty ? String(hash) : String(decoding: readable, as: UTF8.self) + "-" + hash
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
}
