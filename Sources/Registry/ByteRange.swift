/// The `Range` and `Content-Range` of uploads and downloads.
enum ByteRange {
    /// The last byte of `0-N`, also in the form `bytes=0-N`; nil if that is not what is written.
    static func end(_ text: String?) -> Int64? {
        guard let text else { return nil }
        let range = text.hasPrefix("bytes=") ? text.dropFirst(6) : text[...]
        let parts = range.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "0", let end = number(parts[1]) else { return nil }
        return end
    }

    /// First byte and whole size of `bytes A-B/SIZE`, the size nil for `*`: RFC 9110, section 14.4.
    static func content(_ text: String?) -> (start: Int64, size: Int64?)? {
        guard let text, text.lowercased().hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let start = number(ends[0]), let end = number(ends[1]), start <= end else { return nil }
        if parts[1] == "*" { return (start, nil) }
        guard let size = number(parts[1]), end < size else { return nil }
        return (start, size)
    }

    private static func number(_ text: Substring) -> Int64? {
        text.utf8.allSatisfy { (48...57).contains($0) } ? Int64(text).flatMap { $0 < .max ? $0 : nil } : nil
    }
}
