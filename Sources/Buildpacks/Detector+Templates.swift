extension Detector {
    /// Texts with what predicates before found, and what the rule knows, in place of names.
    func filled(_ texts: [String], _ known: [String: String]) throws -> [String] {
        guard texts.contains(where: Template.hasNames) else { return texts }
        let template = context.template(known)
        return try texts.map { try template.filled($0) }
    }

    /// The same of patterns. What is filled in stands for itself in a line, and may be a pattern in a path.
    func filled(
        _ patterns: [GlobPattern],
        _ known: [String: String],
        isOfLines: Bool = false
    ) throws -> [GlobPattern] {
        guard patterns.contains(where: \.isTemplate) else { return patterns }
        var template = context.template(known)
        template.isEscaped = isOfLines
        return try patterns.map { pattern in
            pattern.isTemplate ? GlobPattern(try template.filled(pattern.text), isOfLines: isOfLines) : pattern
        }
    }

    func filled(_ line: LinePredicate, _ known: [String: String]) throws -> LinePredicate {
        var line = line
        line.files = try filled(line.files, known)
        line.except = try filled(line.except, known)
        line.like = try filled(line.like, known, isOfLines: true)
        line.without = try filled(line.without, known, isOfLines: true)
        return line
    }
}
