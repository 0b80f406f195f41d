internal import BuildModel

extension Detector {
    /// Lines that count for one notice, at most.
    private static let tellings = 10

    /// Every way in which predicates hold, one for each line that the first `line` with a name finds; those behind it are looked at for each.
    /// What is kept of a line counts once.
    func each(_ predicates: [Predicate]) throws -> [(evidence: [Evidence], facts: [String: String])] {
        guard let index = predicates.firstIndex(where: \.isNamedLine), case .line(let line) = predicates[index],
            case .holds(let before, let found) = try all(Array(predicates[..<index]))
        else { return [] }
        var kept: Set<String> = []
        // What the rule itself sets is there.
        let told = try lines(line, found).filter {
            context.rule.environment[$0.text] == nil && kept.insert($0.text).inserted
        }
        return try told.compactMap { seen in
            let known = found.merging(Self.facts(of: line, text: seen.text, file: seen.evidence.file)) { _, own in own }
            guard case .holds(let behind, let further) = try all(Array(predicates[(index + 1)...]), known) else {
                return nil
            }
            return (before + [seen.evidence] + behind, known.merging(further) { _, later in later })
        }
    }

    private func lines(_ line: LinePredicate, _ known: [String: String]) throws -> [(evidence: Evidence, text: String)]
    {
        let line = try filled(line, known)
        var seen: [(evidence: Evidence, text: String)] = []
        var looked: Set<String> = []
        for path in try line.files.flatMap({ try files($0) })
        where !line.except.contains(where: { $0.matches(path: path) }) && looked.insert(path).inserted {
            guard case .success(let bytes) = try view.lines(path, as: line.form) else { continue }
            seen += LineSearch(line).matches(in: bytes, limit: Self.tellings).map { number, text in
                (Evidence(file: path, line: number, predicate: "the line is like a form"), text)
            }
            if seen.count >= Self.tellings { break }
        }
        return Array(seen.prefix(Self.tellings))
    }
}

extension Predicate {
    /// Whether it finds a line that has a name.
    var isNamedLine: Bool {
        if case .line(let line) = self { line.name != nil } else { false }
    }
}
