internal import BuildModel

/// What came of looking for a predicate.
enum Outcome {
    /// It holds: what was seen, and values by the names that the rule gave them.
    case holds([Evidence], facts: [String: String])
    /// It does not: why, as a clause.
    case fails(String)
    /// A file that it depends on cannot be read.
    case unreadable(BuildFailure)
}

/// Looks for predicates in a tree, on behalf of one rule.
struct Detector {
    let context: RuleContext
    var view: TreeView { context.view }

    init(_ context: RuleContext) {
        self.context = context
    }

    /// All of them, in order; the first that does not hold decides.
    ///
    /// - Parameter outer: what predicates before them found.
    func all(_ predicates: [Predicate], _ outer: [String: String] = [:]) throws -> Outcome {
        var seen: [Evidence] = []
        var found: [String: String] = [:]
        var known = outer
        for predicate in predicates {
            switch try look(predicate, known) {
            case .holds(let evidence, let facts):
                seen += evidence
                found.merge(facts) { _, later in later }
                known.merge(facts) { _, later in later }
            case let other: return other
            }
        }
        return .holds(seen, facts: found)
    }

    private func look(_ predicate: Predicate, _ known: [String: String]) throws -> Outcome {
        switch predicate {
        case .file(let names, let name): try file(filled(names, known), name: name)
        case .directory(let names): try directory(filled(names, known))
        case .glob(let patterns, let name): try glob(filled(patterns, known), name: name)
        case .data(let predicate): try data(predicate, known)
        case .line(let predicate): try line(predicate, known)
        case .needs(let patterns): try needs(patterns)
        case .value(let name, let patterns): try value(name, filled(patterns, known, isOfLines: true))
        case .variable(let names): try variable(names, known)
        case .not(let predicate): try not(predicate, known)
        case .any(let predicates): try any(predicates, known)
        case .all(let predicates): try all(predicates, known)
        }
    }

    private func not(_ predicate: Predicate, _ known: [String: String]) throws -> Outcome {
        switch try look(predicate, known) {
        case .holds(let evidence, _):
            let seen = evidence.map { $0.line == nil ? "\($0.file) is there" : "\($0.file): \($0.predicate)" }
            return .fails(seen.first ?? "something that must not hold does")
        case .fails: return .holds([], facts: [:])
        case .unreadable(let failure): return .unreadable(failure)
        }
    }

    /// One that holds goes before one that cannot be read.
    private func any(_ predicates: [Predicate], _ known: [String: String]) throws -> Outcome {
        var reasons: [String] = []
        var unreadable: BuildFailure?
        for predicate in predicates {
            switch try look(predicate, known) {
            case .holds(let evidence, let facts): return .holds(evidence, facts: facts)
            case .fails(let reason): reasons.append(reason)
            case .unreadable(let failure): unreadable = unreadable ?? failure
            }
        }
        return unreadable.map { .unreadable($0) } ?? .fails(reasons.joined(separator: ", "))
    }

    private func file(_ names: [String], name: String?) throws -> Outcome {
        var notes: [String] = []
        for path in names {
            switch try view.kind(at: path) {
            case .file, .executable:
                let facts = name.map { Self.facts($0, path: path) } ?? [:]
                return .holds([Evidence(file: path, predicate: "the file is there")], facts: facts)
            case .directory: notes.append("\(path) is a directory")
            case .symbolicLink: notes.append("\(path) is a symbolic link, which is not followed")
            case .submodule: notes.append("\(path) is a submodule")
            case nil: break
            }
        }
        return .fails(notes.isEmpty ? "there is no " + Self.or(names) : notes.joined(separator: ", "))
    }

    private func directory(_ names: [String]) throws -> Outcome {
        for path in names where try view.kind(at: path) == .directory {
            return .holds([Evidence(file: path, predicate: "the directory is there")], facts: [:])
        }
        return .fails("there is no directory " + Self.or(names))
    }

    private func glob(_ patterns: [GlobPattern], name: String?) throws -> Outcome {
        for pattern in patterns {
            guard let path = try matches(pattern).first(where: { _ in true }) else { continue }
            let facts = name.map { Self.facts($0, path: path) } ?? [:]
            return .holds([Evidence(file: path, predicate: "its name is like '\(pattern.text)'")], facts: facts)
        }
        return .fails("no file is like " + Self.or(patterns.map(\.text)))
    }

    private func needs(_ patterns: [GlobPattern]) throws -> Outcome {
        let dependencies = try context.dependencies()
        if let evidence = dependencies.place(of: patterns) { return .holds([evidence], facts: [:]) }
        if let failure = dependencies.obstacle { return .unreadable(failure) }
        return .fails("\(Self.or(patterns.map(\.text))) is not used")
    }

    private func value(_ name: String, _ patterns: [GlobPattern]) throws -> Outcome {
        guard let value = try context.value(name) else { return .fails("'\(name)' has no value") }
        guard patterns.isEmpty || patterns.contains(where: { $0.matches(line: Array(value.utf8)) }) else {
            return .fails("'\(name)' is '\(Self.oneLine(value))'")
        }
        return .holds([], facts: [:])
    }

    /// Files that match and are in no ignored directory, in the order of their bytes.
    func matches(_ pattern: GlobPattern) throws -> some Sequence<String> {
        try view.matches(pattern, ignore: context.rule.ignore)
    }

    /// The file of that name, or the first files that match.
    func files(_ pattern: GlobPattern) throws -> [String] {
        if pattern.isName { return try view.isFile(pattern.text) ? [pattern.text] : [] }
        return Array(try matches(pattern).prefix(Self.searchedFiles))
    }
}
