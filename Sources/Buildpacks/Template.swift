internal import BuildModel

/// Texts of a rule with `{{name}}` in them; `{{name?}}` is nothing where nothing gives a value.
struct Template {
    /// Go before what the context knows.
    let facts: [String: String]
    let context: RuleContext
    /// Whether what is filled in stands in a pattern, where it means its own characters.
    var isEscaped = false

    /// The text with every name replaced.
    ///
    /// - Throws: `BuildFailure` with code `invalid_rule` for a name that nothing gave a value; what working it out throws.
    func filled(_ text: String) throws -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "{{") {
            guard let end = rest[start.upperBound...].firstRange(of: "}}") else { break }
            result += rest[..<start.lowerBound]
            let value = try value(String(rest[start.upperBound..<end.lowerBound]))
            result += isEscaped ? GlobPattern.escaped(value) : value
            rest = rest[end.upperBound...]
        }
        return result + rest
    }

    /// Whether a text has names to replace.
    static func hasNames(_ text: String) -> Bool {
        text.utf8.contains(UInt8(ascii: "{")) && text.contains("{{")
    }

    /// The value of a variable; nil for one that comes to nothing, which is left out.
    func variable(_ text: String) throws -> String? {
        let value = try filled(text)
        return value.isEmpty && !text.isEmpty ? nil : value
    }

    private func value(_ name: String) throws -> String {
        let isOptional = name.hasSuffix("?")
        let name = isOptional ? String(name.dropLast()) : name
        if let value = try facts[name] ?? context.value(name) { return value }
        if isOptional { return "" }
        let message = "Rule '\(context.rule.identity.name)' uses {{\(name)}}, which nothing gave a value."
        throw BuildFailure(.platform, .invalidRule, operation: "plan", message: message)
    }
}
