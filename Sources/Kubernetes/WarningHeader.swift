/// `Warning` header fields (RFC 7234 §5.5), by which the API server tells of deprecations: `299 - "text"`.
enum WarningHeader {
    /// The quoted texts, in order; fields of another shape are left out.
    static func texts(_ fields: [String]) -> [String] {
        fields.compactMap(text)
    }

    private static func text(_ field: String) -> String? {
        guard let open = field.firstIndex(of: "\"") else { return nil }
        var text = ""
        var escaped = false
        for character in field[field.index(after: open)...] {
            if escaped {
                text.append(character)
                escaped = false
            } else if character == "\\" {
                escaped = true
            } else if character == "\"" {
                return text
            } else {
                text.append(character)
            }
        }
        return nil
    }
}
