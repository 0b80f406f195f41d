internal import BuildModel

extension RuleSet {
    /// The failure when no rule matched: what was looked for, and what is nearly it.
    func nothingDetected(_ matches: [Match], view: TreeView) -> BuildFailure {
        guard !view.files.isEmpty || !view.others.isEmpty else {
            return .plan(.nothingDetected, "There is no file to build. Is the root directory right?")
        }
        let reasons = matches.map { "\($0.rule.language) (\(wanted($0.rule)))" }.sorted()
        let near = hints(matches) + nearMisses(view)
        let hint = near.isEmpty ? "" : " Nearly: \(near.joined(separator: "; "))."
        return .plan(
            .nothingDetected,
            "No rule knows this source.\(hint) Looked for \(reasons.joined(separator: ", "))."
        )
    }

    /// Some files at the root that would have said that it is the rule's language.
    private func wanted(_ rule: Rule) -> String {
        var names: [String] = []
        for name in rule.detections.flatMap(\.when).flatMap(\.wantedNames)
        where !name.contains("/") && !names.contains(name) && names.count < 5 {
            names.append(name)
        }
        return names.joined(separator: ", ")
    }

    /// What the rules themselves know to be nearly right.
    private func hints(_ matches: [Match]) -> [String] {
        matches.sorted { $0.rule.identity.name < $1.rule.identity.name }.flatMap { match in
            match.rule.hints.compactMap { hint in
                guard case .holds(let evidence, let facts)? = try? Detector(match.context).all(hint.when) else {
                    return nil
                }
                let words = (try? match.context.template(facts).filled(hint.message)) ?? hint.message
                return (evidence.first.map { "\($0.file): " } ?? "") + words
            }
        }
    }

    /// Files that would have counted under another name or in another directory; a few, the best first.
    private func nearMisses(_ view: TreeView) -> [String] {
        let wanted = Set(rules.flatMap { $0.detections.flatMap(\.when).flatMap(\.wantedNames) })
        let names = wanted.filter { !$0.contains("*") && !$0.contains("/") }
        let lowered = Dictionary(names.map { ($0.lowercased(), $0) }, uniquingKeysWith: min)
        var misses: [String] = []
        for path in view.others where names.contains(path) {
            misses.append("\(path) is a symbolic link or submodule, which is not followed")
        }
        for path in view.files {
            if let name = lowered[path.lowercased()], name != path { misses.append("\(path) should be named \(name)") }
        }
        for path in view.files {
            let parts = path.split(separator: "/")
            guard parts.count == 2, names.contains(String(parts[1])) else { continue }
            misses.append("\(path) is there: the root directory may be '\(parts[0])'")
        }
        return Array(misses.prefix(5))
    }
}
