internal import BuildModel

extension Detector {
    /// Lines that count for one notice, at most.
    private static let tellings = 10

    /// What comes of predicates for each line that the first `line` with a name finds; those behind it are looked at for each. What is kept of
    /// a line counts once, and the name of a variable that the rule itself sets does not.
    func each(_ predicates: [Predicate]) throws -> [Outcome] {
        guard let index = predicates.firstIndex(where: \.isNamedLine), case .line(let line) = predicates[index] else {
            return [try all(predicates)]
        }
        guard case .holds(let before, let found) = try all(Array(predicates[..<index])) else { return [] }
        let (seen, unreadable) = try lines(filled(line, found), inEach: Self.tellings, limit: Self.tellings)
        var kept: Set<String> = []
        let told = seen.filter { context.rule.environment[$0.text] == nil && kept.insert($0.text).inserted }
        let outcomes = try told.map { evidence, text in
            let known = found.merging(Self.facts(of: line, text: text, file: evidence.file)) { _, own in own }
            guard case .holds(let behind, let further) = try all(Array(predicates[(index + 1)...]), known) else {
                return Outcome.fails("what is behind the line does not hold")
            }
            return .holds(before + [evidence] + behind, facts: known.merging(further) { _, later in later })
        }
        return outcomes + (seen.isEmpty ? unreadable.map { [.unreadable($0)] } ?? [] : [])
    }
}

extension Predicate {
    /// Whether it finds a line that has a name.
    var isNamedLine: Bool {
        if case .line(let line) = self { line.name != nil } else { false }
    }
}
