internal import BuildModel

/// Texts of a rule with `{{name}}` in them.
struct Template {
    let facts: [String: String]
    let rule: String

    /// The text with every name replaced.
    ///
    /// - Throws: `BuildFailure` with code `invalid_rule` for a name that nothing gave a value.
    func filled(_ text: String) throws(BuildFailure) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "{{") {
            guard let end = rest[start.upperBound...].firstRange(of: "}}") else { break }
            let name = String(rest[start.upperBound..<end.lowerBound])
            guard let value = facts[name] else {
                let message = "Rule '\(rule)' uses {{\(name)}}, which nothing gave a value."
                throw BuildFailure(.platform, .invalidRule, operation: "plan", message: message)
            }
            result += rest[..<start.lowerBound] + value
            rest = rest[end.upperBound...]
        }
        return result + rest
    }
}
