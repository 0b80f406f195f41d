/// Amounts of CPU and memory as Kubernetes writes them: `500m`, `0.5`, `128Mi`, `1e3`.
enum Quantity {
    private static let suffixes: Set<String> = [
        "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
    ]

    /// Whether `text` is an amount that is not negative.
    static func isValid(_ text: String) -> Bool {
        let number = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.contains(where: { !$0.isEmpty }), number.count <= 18 else { return false }
        let suffix = text[number.endIndex...]
        return suffixes.contains(String(suffix)) || isExponent(suffix)
    }

    private static func isExponent(_ text: Substring) -> Bool {
        guard text.first == "e" || text.first == "E" else { return false }
        var digits = text.dropFirst()
        if digits.first == "-" || digits.first == "+" { digits.removeFirst() }
        return (1...2).contains(digits.count) && digits.allSatisfy { $0.isASCII && $0.isNumber }
    }
}
