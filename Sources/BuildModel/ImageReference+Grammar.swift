extension ImageReference {
    /// Whether `text` is a tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
    package static func isTag(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128, first != dot, first != dash else { return false }
        return text.utf8.allSatisfy { isAlphanumeric($0) || $0 == underscore || $0 == dot || $0 == dash }
    }

    /// Whether `text` is a repository: components of lower-case letters and digits, joined inside by one `.`, one or two `_`
    /// or any number of `-`, separated by `/`.
    package static func isRepository(_ text: some StringProtocol) -> Bool {
        !text.isEmpty
            && String(text).split(separator: "/", omittingEmptySubsequences: false).allSatisfy { isComponent($0) }
    }

    private static func isComponent(_ component: Substring) -> Bool {
        guard let first = component.utf8.first, let last = component.utf8.last else { return false }
        guard isLowercaseAlphanumeric(first), isLowercaseAlphanumeric(last) else { return false }
        var separator: [UInt8] = []
        for byte in component.utf8 {
            if isLowercaseAlphanumeric(byte) {
                guard isSeparator(separator) else { return false }
                separator = []
            } else {
                separator.append(byte)
            }
        }
        return true
    }

    private static func isSeparator(_ bytes: [UInt8]) -> Bool {
        bytes.isEmpty || bytes == [dot] || bytes == [underscore] || bytes == [underscore, underscore]
            || bytes.allSatisfy { $0 == dash }
    }

    private static let dot = UInt8(ascii: ".")
    private static let dash = UInt8(ascii: "-")
    private static let underscore = UInt8(ascii: "_")

    private static func isLowercaseAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...122).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLowercaseAlphanumeric(byte) || (65...90).contains(byte)
    }
}
