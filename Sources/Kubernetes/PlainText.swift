/// Text of strangers for one line of a log.
enum PlainText {
    /// `text` on one line, of bounded length, without control characters.
    static func line(_ text: String, limit: Int) -> String {
        let words = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : Character($0) }
        return String(String(words).split(separator: " ").joined(separator: " ").prefix(limit))
    }
}
