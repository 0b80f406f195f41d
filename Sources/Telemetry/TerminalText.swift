/// Text of strangers on a terminal: build logs, commit messages and file names can carry escape sequences.
package enum TerminalText {
    /// The text with control characters (all of C0 but tab, DEL, and C1) shown as `\xNN`, so that nothing is hidden and nothing acts.
    package static func plain(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var plain = ""
        for scalar in text.unicodeScalars {
            if isControl(scalar) {
                let digits = String(scalar.value, radix: 16)
                plain += "\\x" + (digits.count < 2 ? "0" : "") + digits
            } else {
                plain.unicodeScalars.append(scalar)
            }
        }
        return plain
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        (scalar.value < 0x20 && scalar != "\t") || (0x7F...0x9F).contains(scalar.value)
            || isBidirectionalControl(scalar)
    }

    /// Characters that reorder what follows them, so that a line reads other than it is.
    private static func isBidirectionalControl(_ scalar: Unicode.Scalar) -> Bool {
        (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    }
}
